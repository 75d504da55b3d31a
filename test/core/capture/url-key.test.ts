import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { urlKey } from "../../../src/core/capture/url-key.js";

const keyOf = (text: string) => urlKey(new URL(text));

describe("two spellings of one address have one key", () => {
  test.each([
    ["http://www.Example.org/a/", "https://example.org/a"],
    ["https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"],
    ["https://example.org/a?utm_source=x&fbclid=y&id=5", "https://example.org/a?id=5"],
    ["https://example.org/", "https://example.org"],
    ["https://youtu.be/dQw4w9WgXcQ?si=abc&t=10", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
    ["https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=youtu.be&t=12s", "https://youtu.be/dQw4w9WgXcQ"],
    ["https://www.youtube.com/shorts/dQw4w9WgXcQ", "https://m.youtube.com/watch?v=dQw4w9WgXcQ&list=PL1&pp=x"],
    ["https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ"],
    ["https://t.me/s/Channel/123", "https://t.me/channel/123"],
    ["https://telegram.me/channel/123", "https://t.me/channel/123"],
    ["https://telegram.me/channel/123?single", "https://t.me/channel/123?single=True"],
    ["https://mobile.twitter.com/user/status/148?s=20&t=abc", "https://x.com/user/status/148"],
    ["https://x.com/i/status/148", "https://twitter.com/user/status/148/video/1"],
    ["https://x.com/i/web/status/148", "https://x.com/user/statuses/148"],
    ["https://www.instagram.com/reel/CabcdefGHIJ/?igshid=1", "https://instagram.com/p/CabcdefGHIJ"],
    ["https://instagram.com/user/reel/CabcdefGHIJ/", "https://www.instagram.com/reels/CabcdefGHIJ/"],
    ["https://m.vk.com/video-1_2", "https://vkvideo.ru/video-1_2"],
    ["https://vk.com/feed?z=video-1_2%2Fabc", "https://vk.ru/clip-1_2"],
    [
      "https://m.tiktok.com/v/705.html",
      "https://www.tiktok.com/@u/video/705?is_from_webapp=1&sender_device=pc",
    ],
    ["https://web.facebook.com/watch/?v=123", "https://m.facebook.com/watch/?v=123&_rdr"],
    ["https://www.facebook.com/user/videos/123/", "https://www.facebook.com/reel/123"],
    ["https://m.ok.ru/video/123", "https://ok.ru/videoembed/123"],
    ["https://m.facebook.com/share/v/1Ab/?mibextid=oFDknk", "https://www.facebook.com/share/v/1Ab"],
    ["https://fb.watch/abc/?mibextid=x", "https://fb.watch/abc/"],
    [
      "https://www.facebook.com/page/posts/pfbid0a?rdid=1&share_url=x",
      "https://web.facebook.com/page/posts/pfbid0a",
    ],
    ["https://vm.tiktok.com/ZMabc/?_r=1&_t=x", "https://vm.tiktok.com/ZMabc"],
    ["https://www.instagram.com/share/reel/BAabc?igsh=x", "https://instagram.com/share/reel/BAabc"],
    ["https://www.instagram.com/stories/user/123/?igsh=x", "https://instagram.com/stories/user/123"],
    ["https://www.youtube.com/playlist?list=PL1&si=x", "https://m.youtube.com/playlist?list=PL1"],
    ["https://m.vk.com/wall-1_2", "https://vk.com/wall-1_2"],
    [
      "https://rutube.ru/play/embed/3eac3b4561676c17df9132a9a1e62e3e",
      "https://rutube.ru/video/3eac3b4561676c17df9132a9a1e62e3e/?r=wd",
    ],
    ["https://player.vimeo.com/video/123?h=1", "https://vimeo.com/123?share=copy"],
    ["https://dai.ly/x8abc", "https://www.dailymotion.com/video/x8abc?playlist=x1"],
  ])("%s is %s", (a, b) => expect(keyOf(a)).toBe(keyOf(b)));
});

describe("two clips never have one key", () => {
  test.each<readonly [string, string]>([
    ["https://example.org/a?id=5", "https://example.org/a?id=6"],
    ["https://example.org/A", "https://example.org/a"],
    ["https://example.org/#!/video/1", "https://example.org/#!/video/2"],
    ["https://example.org/#/video/1", "https://example.org/#/video/2"],
    ["https://m.example.org/a", "https://example.org/a"],
    ["http://example.org:8080/a", "http://example.org/a"],
    ...["app", "ref", "feature", "si", "pp", "spm", "share_id", "_r", "_t"].map(
      (name) => [`https://video.example/v?${name}=1`, `https://video.example/v?${name}=2`] as const,
    ),
    ["https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcR"],
    ["https://www.youtube.com/playlist?list=PL1", "https://www.youtube.com/playlist?list=PL2"],
    ["https://t.me/channel/123", "https://t.me/channel/124"],
    ["https://t.me/channel/123", "https://t.me/channel/123?single"],
    ["https://t.me/channel/123", "https://t.me/channel/123?comment=5"],
    ["https://x.com/user/status/148/video/1", "https://x.com/user/status/148/video/2"],
    ["https://vk.com/video-1_2", "https://vk.com/video1_2"],
    ["https://vk.com/wall-1_2?reply=3", "https://vk.com/wall-1_2?reply=4"],
    ["https://www.instagram.com/share/reel/BAabc", "https://www.instagram.com/reel/BAabc"],
    ["https://vimeo.com/123/abc", "https://vimeo.com/123/abd"],
    ["https://fb.watch/abc/", "https://fb.watch/abd/"],
    [
      "https://www.facebook.com/story.php?story_fbid=1&id=2",
      "https://www.facebook.com/story.php?story_fbid=3&id=2",
    ],
    ["https://youtube.com.example/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"],
  ])("%s is not %s", (a, b) => expect(keyOf(a)).not.toBe(keyOf(b)));
});

test("the key of a key is itself", () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
      const key = keyOf(text);
      expect(keyOf(`https://${key}`)).toBe(key);
    }),
  );
});
