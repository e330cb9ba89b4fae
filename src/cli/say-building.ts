/** What a person reads while the agent is compiled on its first use: it takes some seconds. */
export function sayBuilding({ version }: { readonly version: string }): void {
  process.stderr.write(`building the agent for DPDK ${version} ...\n`);
}
