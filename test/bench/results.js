const heading = `# What the bench measured

\`npm run bench -- --keep\` puts its run on top; \`npm run bench -- --keep batch-real\` one of some cases. Hold a change against the run before it by
the figures that are ratios: seconds are of one machine at one moment, and on a busy one CPU seconds too grow by half.
`;

/**
 * RESULTS.md with one more run, the newest first: \`text\` is what it held before, or "". \`run\` is where and when it was
 * made, as words (\`when\`, \`commit\`, \`machine\`, \`versions\`), and \`figures\`, a row of the table each. What stood there of
 * earlier runs stays as it is.
 */
export function withRun(text, run) {
  const first = text.indexOf("\n## ");
  const earlier = first === -1 ? "" : text.slice(first);
  return `${heading}\n${section(run)}${earlier}`;
}

function section({ when, commit, machine, versions, figures }) {
  const rows = figures.map(({ name, what, figure, limit, met, peer }) =>
    row([name, what, figure, limit, met === null ? "" : met ? "yes" : "**no**", peer]),
  );
  return [
    `## ${when}, ${commit}`,
    "",
    `${machine}. ${versions.join("; ")}.`,
    "",
    row(["case", "what", "figure", "limit", "met", "beside"]),
    row(Array(6).fill("---")),
    ...rows,
    "",
  ].join("\n");
}

/** A cell that holds the line of a shell may have bars and line breaks in it. */
function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
}
