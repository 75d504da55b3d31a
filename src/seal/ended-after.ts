/**
 * A signal that is aborted after `ms` milliseconds with a TimeoutError, or with `signal`. `AbortSignal.any` over an
 * `AbortSignal.timeout` is not one: Node.js 20 holds that timeout weakly, and once it is collected it never comes.
 */
export function endedAfter(ms: number, signal: AbortSignal): AbortSignal {
  const ending = new AbortController();
  const end = (reason: unknown) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupted);
    ending.abort(reason);
  };
  const interrupted = () => end(signal.reason);
  const timer = setTimeout(() => end(new DOMException("it took too long", "TimeoutError")), ms);
  timer.unref();
  if (signal.aborted) interrupted();
  else signal.addEventListener("abort", interrupted);
  return ending.signal;
}
