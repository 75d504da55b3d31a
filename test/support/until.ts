/**
 * Waits until a condition holds that nobody announces: what another program has written, started or ended. The test's own
 * time limit is the only one.
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
