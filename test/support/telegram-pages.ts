/** What one message of a Telegram post holds. `large`: a video that the page names and does not show. */
export type TelegramPart = { readonly id: number; readonly kind: "video" | "large" | "photo" | "file" };

/** The page that Telegram embeds for a post, as far as an extractor reads it. */
export function telegramPage(channel: string, parts: readonly TelegramPart[]): string {
  if (parts.length === 0) return '<div class="tgme_widget_message_error">Post not found</div>';
  const shown = parts.map((part) => partOf(channel, part)).join("\n");
  return `<!DOCTYPE html><html><body>
<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/${channel}"><span dir="auto">The channel</span></a></div>
<div class="tgme_widget_message_grouped">${shown}</div>
<div class="tgme_widget_message_text js-message_text" dir="auto">Three men were taken off a bus</div>
<span class="tgme_widget_message_meta"><a class="tgme_widget_message_date" href="https://t.me/${channel}/${parts[0]?.id}"><time datetime="2026-11-20T10:12:13+00:00" class="datetime">Nov 20</time></a></span>
</body></html>`;
}

function partOf(channel: string, { id, kind }: TelegramPart): string {
  const href = `https://t.me/${channel}/${id}?single`;
  switch (kind) {
    case "video":
      return `<a class="tgme_widget_message_video_player grouped_media_wrap blured js-message_video_player" href="${href}"><i class="tgme_widget_message_video_thumb" style="background-image:url('https://cdn4.telesco.pe/file/${id}.jpg')"></i><div class="tgme_widget_message_video_wrap"><video src="https://cdn4.telesco.pe/file/${id}.mp4?token=abc" class="tgme_widget_message_video js-message_video"></video></div><time class="message_video_duration js-message_video_duration">0:03</time></a>`;
    case "large":
      return `<a class="tgme_widget_message_video_player not_supported js-message_video_player" href="${href}"><i class="tgme_widget_message_video_thumb"></i><div class="message_media_not_supported_wrap"><div class="message_media_not_supported"><div class="message_media_not_supported_label">Media is too big</div><span class="message_media_view_in_telegram">VIEW IN TELEGRAM</span></div></div><time class="message_video_duration">59:03</time></a>`;
    case "photo":
      return `<a class="tgme_widget_message_photo_wrap grouped_media_wrap blured" href="${href}" style="background-image:url('https://cdn4.telesco.pe/file/${id}.jpg')"></a>`;
    case "file":
      return `<a class="tgme_widget_message_document_wrap" href="${href}"><div class="tgme_widget_message_document_title">list.pdf</div></a>`;
  }
}
