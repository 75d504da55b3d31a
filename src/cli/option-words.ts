import type { Option } from "commander";

/** The values and the default of an option, in the form that commander's help appends to a description. */
export function valuesOf({ argChoices, defaultValue, defaultValueDescription, negate }: Option): string {
  const usual =
    defaultValueDescription ?? (defaultValue === undefined || negate ? null : String(defaultValue));
  const parts = [
    ...(argChoices === undefined ? [] : [`one of: ${argChoices.join(", ")}`]),
    ...(usual === null ? [] : [`default: ${usual}`]),
  ];
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}
