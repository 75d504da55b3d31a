/** Milliseconds that the processors work for this process meanwhile: the same however busy others keep the machine. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}
