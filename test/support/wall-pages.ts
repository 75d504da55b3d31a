import type { Wall } from "../../src/core/page/wall-words.ts";
import type { Routes } from "./site.ts";

/** A page as a site shows it; `wall` is what stands in its place, null for an ordinary page. */
export interface WallPage {
  readonly name: string;
  readonly wall: Wall | null;
  readonly status: number;
  readonly html: string;
  /** Where the site leads on to before it shows the page. */
  readonly leadsTo?: string;
}

const post =
  "The square was closed in the morning and people were asked to go home. Later in the day the buses came, and nobody said where to. ".repeat(
    25,
  );
const post_ru =
  "Утром площадь закрыли и людей попросили разойтись. Днём подошли автобусы, и никто не сказал, куда их везут. ".repeat(
    25,
  );

const article = (text: string, more = "") =>
  `<header><a href="/login">Log in</a> <a href="/signup">Sign up</a></header><main><h1>The square</h1><p>${text}</p></main>${more}`;
const over = (content: string, attributes = "") =>
  `<div style="position:fixed;inset:0;background:#000a;display:flex"><div ${attributes} style="margin:auto;background:#fff;padding:40px;width:400px">${content}</div></div>`;
const bar = (content: string, attributes = "") =>
  `<div ${attributes} style="position:fixed;bottom:0;left:0;right:0;height:120px;background:#fff">${content}</div>`;

const wall = (name: string, kind: Wall, html: string, status = 200, leadsTo?: string): WallPage => ({
  name,
  wall: kind,
  status,
  html,
  ...(leadsTo === undefined ? {} : { leadsTo }),
});
const ordinary = (name: string, html: string): WallPage => ({ name, wall: null, status: 200, html });

const loginForm = `<form><h2>Log in</h2><input name="user"><input type="password"><button>Log in</button> <a>Forgot password?</a></form>`;

/** Made after what platforms and makers of walls show; none is a copy. */
export const wallPages: readonly WallPage[] = [
  // Logins.
  wall("login-redirect", "login", `<title>Login</title>${loginForm}`, 200, "/accounts/login/"),
  wall("login-in-place", "login", `<title>Social</title><h1>Social</h1>${loginForm}`),
  wall(
    "login-dialog",
    "login",
    article(
      post,
      over(
        "<h2>See more from this page</h2><button>Log in</button> or <button>Create new account</button>",
        'role="dialog"',
      ),
    ),
  ),
  wall(
    "login-dialog-password",
    "login",
    article(
      post,
      `<dialog open style="position:fixed;inset:0;width:100%;height:100%;margin:0">${loginForm}</dialog>`,
    ),
  ),
  wall("login-words", "login", "<title>Post</title><p>You must log in to continue.</p><a>Log in</a>"),
  wall(
    "login-private",
    "login",
    "<title>Вход</title><p>Войдите, чтобы посмотреть эту запись.</p><a>Войти</a>",
  ),
  wall(
    "login-ru",
    "login",
    "<title>Вход</title><h1>Вход</h1><form><input><input type=password><a>Забыли пароль?</a><button>Войти</button></form>",
  ),
  wall(
    "login-kk",
    "login",
    "<title>Кіру</title><p>Көру үшін жүйеге кіріңіз.</p><button>Кіру</button><a>Тіркелу</a>",
  ),
  wall("login-401", "login", "<p>Authorization required.</p>", 401),
  wall(
    "login-checkpoint",
    "login",
    "<title>Checkpoint</title><p>Confirm who you are.</p>",
    200,
    "/checkpoint/1501092823525282/",
  ),
  // Consent.
  wall(
    "consent-cover",
    "consent",
    article(
      post,
      over(
        "<p>We and our 812 partners store and access cookies on your device.</p><button>Accept all</button><button>Reject all</button>",
      ),
    ),
  ),
  wall(
    "consent-onetrust",
    "consent",
    article(
      post,
      `<div id="onetrust-consent-sdk">${over("<p>Privacy Preference Center</p><button>Allow All</button>")}</div>`,
    ),
  ),
  wall(
    "consent-sourcepoint",
    "consent",
    article(
      post,
      `<div id="sp_message_container_123" style="position:fixed;inset:0"><iframe style="width:100%;height:100%" srcdoc="<p>Accept</p>"></iframe></div>`,
    ),
  ),
  wall(
    "consent-usercentrics",
    "consent",
    article(
      post,
      `<div id="usercentrics-root" style="position:fixed;inset:0;background:#0008"></div><script>document.querySelector("#usercentrics-root").attachShadow({mode:"open"}).innerHTML="<p>Privacy settings</p><button>Accept</button>"</script>`,
    ),
  ),
  wall(
    "consent-page",
    "consent",
    "<title>Before you continue</title><h1>Before you continue</h1><p>We use cookies and data to deliver our services.</p><button>Accept all</button><button>Reject all</button>",
  ),
  wall(
    "consent-ru",
    "consent",
    article(
      post_ru,
      over(
        "<p>Сайт использует cookie. Продолжая, вы даёте согласие на обработку данных.</p><button>Принять все</button>",
      ),
    ),
  ),
  wall(
    "consent-redirect",
    "consent",
    "<title>Privacy</title><p>Choose what may be stored.</p><button>Agree</button>",
    200,
    "/privacy-gate/",
  ),
  // Captchas.
  wall(
    "captcha-moment",
    "captcha",
    `<title>Just a moment...</title><div id="challenge-form"><p>Checking if the site connection is secure</p></div>`,
    403,
  ),
  wall(
    "captcha-recaptcha",
    "captcha",
    `<title>Robot check</title><p>Our systems have detected unusual traffic from your network.</p><div class="g-recaptcha" style="width:300px;height:70px">I'm not a robot</div>`,
    429,
  ),
  wall(
    "captcha-cover",
    "captcha",
    article(
      post,
      over(
        `<div class="captcha-verify-container" style="width:340px;height:300px">Drag the slider to fit the puzzle</div>`,
      ),
    ),
  ),
  wall(
    "captcha-showcaptcha",
    "captcha",
    `<title>Вы не робот?</title><div class="CheckboxCaptcha" style="width:300px;height:80px">Подтвердите, что запросы отправляли вы, а не робот</div>`,
    200,
    "/showcaptcha",
  ),
  wall(
    "captcha-hold",
    "captcha",
    `<title>Access to this page has been denied</title><div id="px-captcha" style="width:300px;height:80px">Press &amp; Hold to confirm you are a human</div>`,
    403,
  ),
  wall("captcha-kk", "captcha", "<title>Тексеру</title><p>Сіз робот емес екеніңізді растаңыз.</p>"),
  // Errors.
  wall("error-404", "error", article(post), 404),
  wall("error-410", "error", "<h1>Gone</h1>", 410),
  wall("error-503", "error", "<h1>Service unavailable</h1>", 503),
  wall(
    "error-consent-404",
    "error",
    article(post, over("<p>We use cookies.</p><button>Accept all</button>")),
    404,
  ),
  wall(
    "error-gone",
    "error",
    "<title>Social</title><h2>Sorry, this page isn't available.</h2><p>The link may be broken.</p>",
  ),
  wall("error-gone-ru", "error", "<title>Ошибка</title><p>Запись удалена или не существует.</p>"),
  // Ordinary pages.
  ordinary("post", article(post)),
  ordinary("post-ru", `<header><a>Войти</a> <a>Регистрация</a></header>${article(post_ru)}`),
  ordinary(
    "short-post",
    "<header><a>Log in</a> <a>Sign up</a></header><h1>A clip</h1><p>Buses at the square, 9 May.</p><p>12 comments</p>",
  ),
  ordinary(
    "login-in-header",
    `<header style="position:fixed;top:0;left:0;right:0;height:60px;background:#fff"><form><input placeholder="user"><input type="password"><button>Log in</button></form></header>${article(post)}`,
  ),
  ordinary(
    "login-article",
    article(`You must log in to continue, said the page, and asked for a password. ${post}`),
  ),
  ordinary(
    "cookie-bar",
    article(
      post,
      bar(
        "<p>We use cookies.</p><button>Accept all</button><button>Reject all</button>",
        'id="onetrust-banner-sdk"',
      ),
    ),
  ),
  ordinary("cookie-article", article(`We use cookies, every site says, and offers to accept all. ${post}`)),
  ordinary(
    "captcha-form",
    article(
      post,
      `<form><textarea></textarea><div class="g-recaptcha" style="width:300px;height:70px">I'm not a robot</div><button>Comment</button></form>`,
    ),
  ),
  ordinary("captcha-article", article(`"Are you a robot?" asks the test, and wants a proof. ${post}`)),
  ordinary(
    "fixed-application",
    `<div style="position:fixed;inset:0;overflow:auto"><header><a>Log in</a> <a>Sign up</a></header><h1>A clip</h1><p>${post.slice(0, 700)}</p></div>`,
  ),
  ordinary(
    "login-bar",
    article(
      post,
      bar("<p>Do not miss what is happening.</p><button>Log in</button><button>Sign up</button>"),
    ),
  ),
  ordinary(
    "removed-words",
    article(`The page was removed, the video is unavailable, says the ministry: ${post}`),
  ),
  ordinary(
    "hidden-dialogs",
    article(
      post,
      `<div id="onetrust-consent-sdk" style="display:none">${over("<p>We use cookies</p>")}</div><div role="dialog" hidden>${loginForm}</div>`,
    ),
  ),
  ordinary(
    "picture-dialog",
    article(
      post,
      over("<img alt='' width=300 height=300><p>Photo 3 of 12</p><button>Next</button>", 'role="dialog"'),
    ),
  ),
  ordinary("moved", article(post)),
];

/** All of them, each at `/seen/NAME`. */
export const wallRoutes: Routes = Object.fromEntries(
  wallPages.flatMap(({ name, html, status, leadsTo }): [string, Routes[string]][] => {
    const show: Routes[string] = ({ response }) => {
      const type = { "content-type": "text/html; charset=utf-8" };
      response.writeHead(status, type).end(`<!doctype html><body>${html}</body>`);
    };
    if (leadsTo === undefined) return [[`/seen/${name}`, show]];
    const lead: Routes[string] = ({ response }) => response.writeHead(302, { location: leadsTo }).end();
    return [
      [`/seen/${name}`, lead],
      [leadsTo, show],
    ];
  }),
);
