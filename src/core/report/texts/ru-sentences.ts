/**
 * What holdfast itself writes into records, in English and in Russian, in the same order of its parts. `{}` is
 * anything, and `{w}` a word of `ruWords`. A sentence that is not here is shown as it stands in the record.
 */
export const ruSentences: readonly (readonly [english: string, russian: string])[] = [
  // The eight items of §155 (core/capture/elements.ts).
  [
    "a picture of the page is taken after this record was made; the log says whether it was",
    "снимок страницы делается после составления этой записи; сделан ли он, указано в журнале",
  ],
  ["a page was asked for, and no clip", "запрошена только страница, без видеозаписи"],
  ["answers as the browser received them", "ответы сайта, как их получил браузер"],
  ["pictures of the page", "изображения страницы"],
  [
    "pictures of the page, seen as version {}",
    "изображения страницы в том виде, как она показана в версии {}",
  ],
  ["pictures of that are kept as version {}", "его изображения сохранены как версия {}"],
  ["no picture of the page was taken", "снимок страницы не делался"],
  [
    "a browser was sent to the page and brought nothing: {}",
    "браузер обратился к странице и ничего не получил: {}",
  ],
  [
    "answers as the browser received them, in version {}",
    "ответы сайта, как их получил браузер, в версии {}",
  ],
  ["what the page showed", "то, что показывала страница"],
  [
    "{}, of a {w} page that the site showed in place of what was asked for",
    "{}, страницы ({w}), которую сайт показал вместо запрошенной",
  ],
  [
    "the site showed a login page in place of what was asked for",
    "вместо запрошенного сайт показал страницу входа",
  ],
  [
    "the site showed a request for consent over the whole page",
    "сайт показал запрос согласия поверх всей страницы",
  ],
  ["the site asked for proof that a person is watching", "сайт потребовал подтвердить, что смотрит человек"],
  ["the site showed an error page", "сайт показал страницу с сообщением об ошибке"],
  ["this version of holdfast takes no picture of the page", "эта версия holdfast не делает снимка страницы"],
  [
    "in this record; who and on which machine in the private annex; the address the requests came from was not looked up",
    "в этой записи; кем и на каком компьютере — в закрытом приложении; адрес, с которого шли запросы, не выяснялся",
  ],
  [
    "SHA-256 and SHA-512 of every file, taken as soon as it was complete",
    "SHA-256 и SHA-512 каждого файла, вычислены сразу после получения файла целиком",
  ],
  [
    "requested, redirected and final addresses are in this record",
    "запрошенный адрес, перенаправления и конечный адрес указаны в этой записи",
  ],
  [
    "imported from a file; a person stated an address, see claimed_url",
    "скопировано из файла; адрес указан человеком, см. заявленный адрес",
  ],
  [
    "imported from a file; the metadata beside the file claims an address, see claimed_url",
    "скопировано из файла; адрес указан в метаданных рядом с файлом, см. заявленный адрес",
  ],
  ["imported from a file; no address was stated", "скопировано из файла; адрес не указан"],
  ["no media arrived", "медиафайлы не получены"],
  ["every track as received", "каждая дорожка в полученном виде"],
  [
    "only part of the media arrived, kept as received; see completeness",
    "получена только часть медиафайлов, она сохранена в полученном виде; см. выводы о полноте",
  ],
  ["comments were not asked for", "комментарии не запрашивались"],
  [
    "comments as the platform gave them, in the metadata",
    "комментарии в том виде, в каком их дала платформа, в метаданных",
  ],
  [
    "comments were asked for and the metadata holds none",
    "комментарии запрашивались, но в метаданных их нет",
  ],
  ["imported from a file, no page was read", "скопировано из файла, страница не читалась"],
  [
    "the page as read; a redacted copy here, the raw bytes in the private annex",
    "страница в том виде, в каком она прочитана; здесь копия с изъятиями, исходные байты — в закрытом приложении",
  ],
  [
    "the address led to media or data, the downloader read no page",
    "адрес вёл к медиафайлу или данным, программа загрузки страниц не читала",
  ],
  [
    "what a metadata file beside it stated; what the file itself holds is read after this record was made, see the derivation",
    "указанное в файле метаданных рядом с ним; содержимое самого файла читается после составления записи, см. производные материалы",
  ],
  [
    "what the platform stated; what the file itself holds is read after this record was made, see the derivation",
    "указанное платформой; содержимое самого файла читается после составления записи, см. производные материалы",
  ],
  [
    "no metadata file was taken in; what the file itself holds is read after this record was made, see the derivation",
    "файла метаданных не взято; содержимое самого файла читается после составления записи, см. производные материалы",
  ],
  ["the downloader wrote no metadata", "программа загрузки не записала метаданных"],

  // Whether everything arrived (core/capture/transfer.ts, core/capture/parts.ts, capture/import.ts).
  [
    "all {} bytes of the file on disk were copied; file and copy have the same digests; how the file came there was not observed",
    "все {} байтов файла на диске скопированы; хеш-суммы файла и копии совпадают; каким путём файл туда попал, не наблюдалось",
  ],
  [
    "one window of a broadcast: its playlist does not say that the broadcast has ended",
    "один отрезок трансляции: в её плейлисте не указано, что она завершена",
  ],
  [
    "the downloader was ended early: it could not be started",
    "программа загрузки остановлена досрочно: её не удалось запустить",
  ],
  [
    "the downloader was ended early: it took longer than it may",
    "программа загрузки остановлена досрочно: она работала дольше, чем разрешено",
  ],
  [
    "the downloader was ended early: it said more than it may",
    "программа загрузки остановлена досрочно: она сообщила больше, чем разрешено",
  ],
  [
    "the downloader was ended early: holdfast was interrupted",
    "программа загрузки остановлена досрочно: работа holdfast прервана",
  ],
  [
    "the downloader was ended early: something went wrong with the transfer",
    "программа загрузки остановлена досрочно: передача данных нарушилась",
  ],
  [
    "the downloader was ended early: the clip is larger than the limit",
    "программа загрузки остановлена досрочно: видеозапись больше разрешённого размера",
  ],
  [
    "the downloader was ended early: the transfer came nearly to a halt",
    "программа загрузки остановлена досрочно: передача данных почти прекратилась",
  ],
  [
    "the downloader was ended early: the line dropped, and nothing shows that the rest would be of the same file",
    "программа загрузки остановлена досрочно: связь прервалась, и ничто не показывает, что остаток был бы из того же файла",
  ],
  [
    "the downloader reported a failure (exit status {})",
    "программа загрузки сообщила о неудаче (код завершения {})",
  ],
  [
    "the downloader ended with exit status 0 and no error",
    "программа загрузки завершилась с кодом 0 и без ошибок",
  ],
  ["the downloader left it unfinished", "программа загрузки оставила его незаконченным"],
  ["{} bytes received, the server announced no length", "получено байтов: {}, сервер не объявил размера"],
  ["{} bytes received, as announced", "получено байтов: {}, как и объявлено"],
  ["{} bytes received, {} announced", "получено байтов: {}, объявлено: {}"],
  ["{} of an unknown number of segments received", "получено фрагментов: {}, сколько их всего — неизвестно"],
  ["{} of {} segments received", "получено фрагментов: {} из {}"],
  [
    "{} of {} segments have the length the server announced",
    "фрагментов объявленного сервером размера: {} из {}",
  ],
  ["a server sent more bytes than the length it announced", "сервер передал больше байтов, чем объявил"],
  ["received in {} parts, which begin at bytes {}", "получено частей: {}, начала частей, в байтах: {}"],
  ["ETag, Last-Modified and total length do not agree", "ETag, Last-Modified и общий размер не совпадают"],
  ["nothing shows that they are of one file", "ничто не показывает, что они из одного файла"],
  [
    "every answer states the ETag {} and the total length {}",
    "в каждом ответе указаны ETag {} и общий размер {}",
  ],
  [
    "every answer states the Last-Modified {} and the total length {}",
    "в каждом ответе указаны Last-Modified {} и общий размер {}",
  ],

  // The strict decode (tools/media/ffmpeg.ts, tools/media/input.ts, capture/derive-readings.ts).
  ["the file has no decodable stream", "в файле нет потока, который можно декодировать"],
  [
    "the strict decode reported no error or warning",
    "строгое декодирование прошло без ошибок и предупреждений",
  ],
  [
    "the strict decode reported errors or warnings (exit by signal)",
    "строгое декодирование сообщило об ошибках или предупреждениях (завершено сигналом)",
  ],
  [
    "the strict decode reported errors or warnings (exit {})",
    "строгое декодирование сообщило об ошибках или предупреждениях (код завершения {})",
  ],
  ["the file announces no length", "продолжительность в файле не объявлена"],
  ["nothing was decoded", "ничего не декодировано"],
  ["{} s decoded, {} s announced", "декодировано {} с, объявлено {} с"],
  ["the decode was ended: {}", "декодирование остановлено: {}"],
  ["nothing was decoded: {}", "ничего не декодировано: {}"],
  ["ran longer than {} ms", "работа длилась дольше {} мс"],
  ["ffprobe found no stream in the file", "ffprobe не нашёл в файле ни одного потока"],
  ["ffprobe refused the file (exit {})", "ffprobe отказался читать файл (код завершения {})"],
  ["ffmpeg refused the file (exit {})", "ffmpeg отказался читать файл (код завершения {})"],
  ["ffprobe was ended by {}", "ffprobe завершён сигналом {}"],
  ["ffmpeg was ended by {}", "ffmpeg завершён сигналом {}"],
  ["ffprobe was ended: {}", "ffprobe остановлен: {}"],
  ["ffmpeg was ended: {}", "ffmpeg остановлен: {}"],

  // The steps of a derivation (capture/derive-*.ts, tools/media).
  ["ffprobe read every original", "ffprobe прочитал каждый полученный файл"],
  ["ffprobe refused {}: {}", "ffprobe отказался читать {}: {}"],
  ["ExifTool read every original", "ExifTool прочитал каждый полученный файл"],
  ["ExifTool refused {}: {}", "ExifTool отказался читать {}: {}"],
  ["every readable original was decoded strictly", "каждый читаемый файл декодирован строго"],
  ["{} of {} originals do not decode cleanly", "файлов, которые декодируются с ошибками: {} из {}"],
  ["no original could be read", "ни один полученный файл не удалось прочитать"],
  ["packets and decoded video", "пакеты и декодированное изображение"],
  [
    "packets; decoded video only with --deep",
    "пакеты; декодированное изображение — только с параметром --deep",
  ],
  [
    "decoding caused warnings, so the decoded hash is not comparable",
    "при декодировании были предупреждения, поэтому хеш-сумму декодированного не с чем сравнивать",
  ],
  ["ffmpeg printed warnings while reading the packets", "при чтении пакетов ffmpeg выдал предупреждения"],
  [
    "no Content Credentials in the originals, which says nothing about them",
    "сведений Content Credentials в полученных файлах нет, и это ничего о них не говорит",
  ],
  [
    "a manifest is present; files above {} bytes are not validated",
    "манифест есть; файлы больше {} байтов не проверяются",
  ],
  ["validation took longer than a minute", "проверка длилась дольше минуты"],
  ["no original has a readable video stream", "ни в одном полученном файле нет читаемого видеопотока"],
  ["no video stream", "видеопотока нет"],
  [
    "{} frames, no gap longer than {} s where frames exist",
    "кадров: {}, промежутков длиннее {} с там, где кадры есть, нет",
  ],
  ["every frame was decoded to find shots", "для поиска монтажных планов декодирован каждый кадр"],
  ["{} of {} frames were decoded twice", "дважды декодировано кадров: {} из {}"],
  [
    "{} frames that were chosen could not be decoded again and are missing",
    "выбранных кадров, которые повторно декодировать не удалось и которых здесь нет: {}",
  ],
  ["{} frames were decoded once more for this", "для этого повторно декодировано кадров: {}"],
  [
    "shots between key frames were searched for by packet size and similarity, {} of these stretches were decoded",
    "между опорными кадрами монтажные планы искались по размеру пакетов и сходству, декодировано отрезков: {}",
  ],
  [
    "shots between key frames were searched for by packet size and similarity",
    "между опорными кадрами монтажные планы искались по размеру пакетов и сходству",
  ],
  ["the contact sheet could not be drawn", "контактный лист начертить не удалось"],
  ["the original plays as it is", "полученный файл воспроизводится без изменений"],
  [
    "no copy was made; the original does not decode cleanly, so a player may stop or show nothing",
    "копия не изготовлена; полученный файл декодируется с ошибками, проигрыватель может остановиться или ничего не показать",
  ],
  [
    "no copy was made; whether the original plays is not known",
    "копия не изготовлена; воспроизводится ли полученный файл, неизвестно",
  ],
  ["streams copied into one file, nothing re-encoded", "потоки скопированы в один файл без перекодирования"],
  ["no container can hold the tracks", "нет контейнера, в который поместились бы эти дорожки"],

  // What the collection altered, and warnings.
  [
    "the downloader joined the {} segments of {} in order and changed nothing else",
    "программа загрузки соединила по порядку фрагменты ({}) файла {} и больше ничего не изменила",
  ],
  [
    "the downloader joined {} from {} segments, and the result is not their plain sequence (it decrypts or drops parts); the segments are kept as received",
    "программа загрузки соединила {} из фрагментов ({}), и результат не равен их простой последовательности (части расшифрованы или опущены); фрагменты сохранены в полученном виде",
  ],
  ["the file was reached through a link", "файл взят по ссылке"],
  [
    "the person who waited for it ended the further attempts",
    "дальнейшие попытки прекратил человек, который их ждал",
  ],
  [
    "{} beside the file was left out: it is not a regular file",
    "файл {} рядом с видеозаписью не взят: это не обычный файл",
  ],
  ["{} beside the file was left out: {}", "файл {} рядом с видеозаписью не взят: {}"],
  [
    "{} beside the file is in the private annex alone: it may say the file's name, which cannot be cut from it",
    "файл {} рядом с видеозаписью хранится только в закрытом приложении: в нём может стоять имя файла, и изъять его нельзя",
  ],
  [
    "every attempt failed; the attempt that received the most is kept: {}",
    "ни одна попытка не удалась; сохранена та, при которой получено больше всего: {}",
  ],
  [
    "an info.json of {} bytes was too large and was left out",
    "файл info.json размером {} байтов слишком велик и не взят",
  ],
  [
    "the post also has {}, which holdfast did not fetch",
    "в публикации есть также {}, этого holdfast не загружал",
  ],
  [
    "the file system of this vault refuses to sync a folder: a power cut can take back what was written last",
    "файловая система хранилища отказывается записывать папку на диск немедленно: при отключении питания последнее записанное может пропасть",
  ],
  [
    "the file system of this vault refuses to sync a file: a power cut can take back or damage what was written last",
    "файловая система хранилища отказывается записывать файл на диск немедленно: при отключении питания последнее записанное может пропасть или повредиться",
  ],
  [
    "the file system of this vault refuses to make a file read-only: a mistake can change an original, which a check then finds",
    "файловая система хранилища не позволяет защитить файл от записи: полученный файл можно изменить по ошибке, проверка это обнаружит",
  ],
  [
    "the file system of this vault refuses memory that programs share: who reads while a command writes takes a copy",
    "файловая система хранилища не поддерживает общую память программ: тот, кто читает во время записи, берёт копию",
  ],
];

/** Words that stand alone or in a sentence. */
export const ruWords: Readonly<Record<string, string>> = {
  true: "да",
  false: "нет",
  folder: "папка",
  tar: "tar",
  "tar.age": "tar.age",
  captured: "собрано",
  incomplete: "не полностью",
  whole: "целиком",
  unknown: "неизвестно",
  video: "видео",
  audio: "звук",
  subtitle: "субтитры",
  data: "данные",
  attachment: "вложение",
  v: "видео",
  a: "звук",
  s: "субтитры",
  d: "данные",
  login: "вход",
  consent: "запрос согласия",
  captcha: "проверка, что смотрит человек",
  error: "сообщение об ошибке",
};
