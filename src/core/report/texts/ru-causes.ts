/** The same as `ruSentences`, of attempts that failed, of entries of the log and of what programs and checks say. */
export const ruCauses: readonly (readonly [english: string, russian: string])[] = [
  // Why an attempt left nothing (core/capture/failure-codes.ts).
  ["this is not a web address", "это не веб-адрес"],
  ["only http and https addresses are captured", "сбор возможен только с адресов http и https"],
  [
    "the address leads into this machine or a private network",
    "адрес ведёт на этот компьютер или в частную сеть",
  ],
  [
    "the server says there is nothing at this address (404)",
    "сервер сообщает, что по этому адресу ничего нет (404)",
  ],
  [
    "the site says that the clip is not available any more",
    "сайт сообщает, что видеозапись больше не доступна",
  ],
  [
    "the public page of this post does not show its video",
    "на открытой странице этой публикации видеозаписи нет",
  ],
  ["the server refuses access", "сервер отказывает в доступе"],
  [
    "the site shows this only to people who are logged in",
    "сайт показывает это только вошедшим в учётную запись",
  ],
  [
    "the site does not show this in the country of this connection",
    "в стране этого соединения сайт этого не показывает",
  ],
  ["the site refuses the address of this connection", "сайт отказывает адресу этого соединения"],
  ["the site asks for proof that a person is watching", "сайт требует подтвердить, что смотрит человек"],
  ["the site asks to slow down (429)", "сайт просит обращаться реже (429)"],
  ["the server has a fault of its own", "на сервере неисправность"],
  ["the connection failed", "соединение не удалось"],
  ["the encrypted connection could not be trusted", "зашифрованному соединению нельзя доверять"],
  ["no video was found at this address", "по этому адресу видеозаписи не найдено"],
  ["what arrived is a page or text, not a video", "получена страница или текст, а не видеозапись"],
  ["the server sent no bytes", "сервер не передал ни одного байта"],
  ["the download is larger than the limit", "загружаемое больше разрешённого размера"],
  ["the video is protected by DRM", "видеозапись защищена техническими средствами (DRM)"],
  ["this is a live stream that has not ended", "это прямая трансляция, она ещё не завершена"],
  ["the site does not offer the format asked for", "сайт не предлагает запрошенного формата"],
  ["the transfer broke off before the end", "передача данных прервалась до конца"],
  ["the transfer came nearly to a halt", "передача данных почти прекратилась"],
  ["the download did not end in the time it may take", "загрузка не завершилась за отведённое время"],
  ["the disk is full", "диск заполнен"],
  [
    "the site gives the video only to who runs its JavaScript, and yt-dlp could not",
    "сайт даёт видеозапись только тому, кто выполнит его JavaScript, а yt-dlp этого не смог",
  ],
  [
    "the site answers only what looks like a browser, and yt-dlp could not",
    "сайт отвечает только на запросы, похожие на запросы браузера, а yt-dlp таких сделать не смог",
  ],
  [
    "yt-dlp needs ffmpeg to fetch this stream, and holdfast lets it start no program",
    "для загрузки этого потока yt-dlp нужен ffmpeg, а holdfast не даёт ему запускать программы",
  ],
  [
    "this yt-dlp is too old to be trusted with hostile pages",
    "эта версия yt-dlp слишком стара, чтобы открывать ею ненадёжные страницы",
  ],
  ["yt-dlp could not be started", "yt-dlp не удалось запустить"],
  ["yt-dlp could not read this address", "yt-dlp не смог прочитать этот адрес"],
  ["no browser could be started", "браузер запустить не удалось"],
  ["the browser ended before it showed the page", "браузер завершился прежде, чем показал страницу"],
  ["interrupted", "прервано"],

  // Details of entries (handover/report.ts).
  ["{w}, annex: {w}, recipients: {}", "{w}, закрытое приложение: {w}, получателей: {}"],
  ["ok: {w}, findings: {}", "соответствует записанному: {w}, выявлено: {}"],
  ["v{}: {w}", "v{}: {w}"],
  ["v{}: login wall", "v{}: вместо страницы — требование войти"],
  ["v{}: consent wall", "v{}: вместо страницы — запрос согласия"],
  ["v{}: captcha wall", "v{}: вместо страницы — проверка, что смотрит человек"],
  ["v{}: error wall", "v{}: вместо страницы — сообщение об ошибке"],
  ["{}: withdrawn", "{}: отозвано"],
  ["{w}", "{w}"],

  // Why no time-stamp is there yet (seal/anchor.ts, tools/network).
  ["not asked yet", "запрос ещё не отправлен"],
  ["no answer within {} s", "нет ответа в течение {} с"],
  ["cannot be reached: its name does not exist", "соединиться не удалось: такого имени нет"],
  ["cannot be reached: {}", "соединиться не удалось: {}"],
  // Further words of programs, servers and files (tools/media, tools/network, capture, core/capture).
  [
    "the clip has more than {} different frames: the most different ones were kept",
    "в видеозаписи больше {} различных кадров: сохранены наиболее различные",
  ],
  [
    "the decoder reported errors: the frames that decode were taken",
    "декодер сообщил об ошибках: взяты кадры, которые декодируются",
  ],
  ["no frame could be decoded", "ни одного кадра декодировать не удалось"],
  [
    "ffprobe refused the file (exit {}): its index (moov) is missing, as where a recording or a copy broke off",
    "ffprobe отказался читать файл (код завершения {}): нет его оглавления (moov), как бывает, когда запись или копирование прервались",
  ],
  [
    "ffprobe refused the file (exit {}): holdfast does not read this kind of file",
    "ffprobe отказался читать файл (код завершения {}): файлы такого вида holdfast не читает",
  ],
  [
    "present and checked without a trust list ({}); who signed is not established",
    "есть, проверены без списка доверия ({}); кто подписал, не установлено",
  ],
  [
    "holdfast does not read {}: it is kept as it is, without length and pictures",
    "holdfast не читает {}: файл сохранён как есть, без продолжительности и изображений",
  ],
  [
    "not asked: no request is sent to anybody but the source",
    "не выяснялся: запросы отправляются только источнику",
  ],
  ["nothing listens at its address", "по его адресу никто не отвечает"],
  ["the connection was cut", "соединение прервано"],
  ["there is no route to it", "пути к нему нет"],
  ["the network is unreachable", "сеть недоступна"],
  ["it does not answer", "он не отвечает"],
  ["its name does not exist", "такого имени нет"],
  ["its name cannot be looked up at the moment", "его имя сейчас нельзя выяснить"],
  ["name not found: {}", "имя не найдено: {}"],
  ["no connection: {}", "соединения нет: {}"],
  ["its TLS certificate is not trusted: {}", "его сертификату TLS нельзя доверять: {}"],
  ["the connection broke: {}", "соединение нарушилось: {}"],
  ["did not answer in time", "не ответил вовремя"],
  [
    "the site did not answer as it answers a browser, although yt-dlp looked like one",
    "сайт ответил не так, как отвечает браузеру, хотя yt-dlp выглядел как браузер",
  ],
  [
    "the site offered no stream that yt-dlp can fetch by itself",
    "сайт не предложил потока, который yt-dlp может загрузить сам",
  ],
  ["the site led to its login page, {}", "сайт привёл на страницу входа, {}"],
  [
    "the name {} is not known here: the network is down, or the address is misspelt",
    "имя {} здесь неизвестно: нет сети или адрес написан с ошибкой",
  ],
  ["the folder contains no video or sound", "в папке нет ни видео, ни звука"],
  ["the file does not exist", "такого файла нет"],
  ["the file is empty", "файл пуст"],
  ["it is not a regular file", "это не обычный файл"],
  ["the file changed while it was read", "файл изменился во время чтения"],
  ["permission to read it was denied", "нет права его читать"],
  [
    "neither video nor sound, as far as its bytes and ffprobe tell",
    "ни видео, ни звук, насколько можно судить по байтам и ffprobe",
  ],

  // What a check of one capture finds most often (audit, vault/check).
  [
    "no outside time-stamp over the newest checkpoint is here yet",
    "отметки времени третьей стороны над последней контрольной точкой пока нет",
  ],
  ["entry {} names this file, but it is missing", "запись {} называет этот файл, но его нет"],
  ["entry {} names it, but it is missing", "запись {} называет его, но его нет"],
  ["its SHA-256 is not the one entry {} states", "его SHA-256 не совпадает с указанной в записи {}"],
  ["its size is {}, but entry {} states {}", "его размер {}, а в записи {} указано {}"],
  ["it is not the file that entry {} states", "это не тот файл, который указан в записи {}"],
  ["it cannot be read and was not checked: {}", "его нельзя прочитать, он не проверен: {}"],
  ["no entry of the log names it", "ни одна запись журнала его не называет"],
  ["the private annex is not here", "закрытого приложения здесь нет"],
  ["this original is writable", "этот полученный файл не защищён от записи"],
  [
    "it is not signed yet: the next command that writes signs it",
    "подписи ещё нет: её поставит следующая команда, которая пишет",
  ],
];
