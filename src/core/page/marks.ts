import type { Wall } from "./wall-words.js";

/** Elements by which a known maker of walls is recognised. `selector` is CSS. */
export interface PageMark {
  readonly name: string;
  readonly wall: Extract<Wall, "captcha" | "consent">;
  readonly selector: string;
}

/** Known makers of captchas and of questions for consent, by the names that they give their elements. */
export const pageMarks: readonly PageMark[] = [
  captcha(
    "Cloudflare",
    "#challenge-form, #challenge-running, #challenge-stage, #cf-challenge-running, .cf-turnstile",
  ),
  captcha("reCAPTCHA", ".g-recaptcha, #recaptcha, #captcha-form, iframe[src*='/recaptcha/api2/bframe']"),
  captcha("hCaptcha", ".h-captcha, iframe[src*='hcaptcha.com']"),
  captcha("Arkose Labs", "#arkose, #FunCaptcha, iframe[src*='arkoselabs.com']"),
  captcha("DataDome", "iframe[src*='captcha-delivery.com']"),
  captcha("HUMAN", "#px-captcha"),
  captcha("Akamai", "#sec-if-cpt-container, #sec-cpt-if"),
  captcha("AWS WAF", "#captcha-container awswaf-captcha, awswaf-captcha"),
  captcha("Yandex SmartCaptcha", ".CheckboxCaptcha, .AdvancedCaptcha, .smart-captcha"),
  captcha("VK", ".vkc__Captcha, .captcha_img, iframe[src*='not_robot_captcha']"),
  captcha(
    "TikTok",
    ".captcha_verify_container, #captcha-verify-container-main-page, .captcha-verify-container",
  ),
  captcha("GeeTest", ".geetest_panel, .geetest_captcha"),
  consent("OneTrust", "#onetrust-consent-sdk, #onetrust-banner-sdk"),
  consent("Cookiebot", "#CybotCookiebotDialog"),
  consent("Didomi", "#didomi-host, #didomi-popup, .didomi-popup-open"),
  consent("Quantcast Choice", "#qc-cmp2-container, .qc-cmp2-container"),
  consent("Sourcepoint", "div[id^='sp_message_container_']"),
  consent("Usercentrics", "#usercentrics-root, #usercentrics-cmp-ui"),
  consent("TrustArc", "#truste-consent-track, .truste_overlay, .truste_box_overlay"),
  consent("Osano", ".osano-cm-window, .osano-cm-dialog"),
  consent("Funding Choices", ".fc-consent-root, .fc-dialog-container"),
  consent("iubenda", "#iubenda-cs-banner"),
  consent("Klaro", ".klaro .cookie-modal, .klaro .cookie-notice"),
  consent("CookieYes", ".cky-consent-container, .cky-modal"),
  consent("consentmanager", "#cmpbox, #cmpwrapper"),
  consent("Axeptio", "#axeptio_overlay"),
  consent("tarteaucitron", "#tarteaucitronRoot"),
  consent("Yahoo", "#consent-page, .con-wizard"),
];

function captcha(name: string, selector: string): PageMark {
  return { name, wall: "captcha", selector };
}

function consent(name: string, selector: string): PageMark {
  return { name, wall: "consent", selector };
}
