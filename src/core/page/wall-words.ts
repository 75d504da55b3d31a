/** What can stand before a page in its place. */
export type Wall = "login" | "consent" | "captcha" | "error";

/**
 * Words by which walls ask, in English, Russian and Kazakh. They are looked for only where little else is said: a page may
 * write about any of it.
 */
export const wallWords = {
  /** Demands a login before anything is shown. */
  loginDemand:
    /(?:log|sign) ?in (?:to|and) (?:continue|see|view|watch|read|access|confirm)|(?:must|need to|have to) (?:be )?(?:log|sign)(?:ged|ed)? ?in|(?:log|sign) ?in (?:is )?required|please (?:log|sign) in|create an account to continue|войдите,? чтобы|необходимо (?:войти|авторизоваться)|требуется (?:вход|авторизация)|(?:пожалуйста, )?авторизуйтесь|войдите в (?:аккаунт|систему|свой|профиль)|(?:жалғастыру|көру|оқу) үшін (?:жүйеге )?(?:кіріңіз|тіркеліңіз)|(?:жүйеге|аккаунтқа|аккаунтыңызға) кіріңіз|кіру (?:қажет|керек)/i,
  /** Offers a login. */
  loginOffer:
    /(?:log|sign) ?(?:in|up)|create (?:new )?account|forgot (?:your )?password|войти|вход|зарегистрир|регистрац|забыли пароль|кіру|тіркелу|құпия ?сөз/i,
  consent:
    /before you continue|we (?:and our (?:\d+ )?partners |value|care about|respect)[^.]{0,40}(?:privacy|store|process|cookies)|(?:uses?|using|store) cookies|your (?:privacy|cookie) (?:choices|preferences|settings)|(?:accept|reject|allow) (?:all|cookies)|consent (?:to|choices)|прежде чем (?:перейти|продолжить)|файл(?:ы|ов|ами)? cookie|использует cookie|принять (?:все|cookie)|согласие на обработку|cookie файлдар|барлығын қабылдау|жалғастырмас бұрын/i,
  captcha:
    /just a moment|checking (?:your browser|if the site connection)|(?:verify|confirm|prove)(?: that)? you(?: a|')re (?:a |not a )?(?:human|robot)|are you a (?:human|robot)|(?:i['’]?m|i am) not a robot|(?:unusual|automated) (?:traffic|requests)|security (?:check|verification)|(?:complete|solve) the (?:captcha|puzzle|security check)|drag the slider|press (?:&|and) hold|enable javascript and cookies to continue|подтвердите, что (?:вы|запросы)|вы не робот|я не робот|проверка (?:безопасности|браузера|вашего браузера)|(?:необычный|подозрительный) трафик|введите (?:символы|код|текст) с картинки|робот емес|адам екеніңізді|браузеріңізді тексер/i,
  gone: /(?:page|post|video|content|account) (?:was |is |isn['’]t |is not |could ?n['’]t be |could not be |does ?n['’]t |does not |has been |no longer )?(?:not found|available|unavailable|found|exist|exists|removed|deleted)|(?:nothing here|404 error|error 404|404 not found)|(?:страница|запись|видео|публикация|контент)[^.]{0,20}(?:не найден|недоступ|удален|не существует)|(?:бет|жазба|бейне)[^.]{0,20}(?:табылмады|қолжетімсіз|жойылған)|something went wrong|что-то пошло не так/i,
} as const;
