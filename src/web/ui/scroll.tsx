/** What may be wider or longer than its place, and can be scrolled by keys, too. */
import type { ComponentChildren, JSX } from 'preact';

export function Scroll({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who scrolls by keys has to get there
    <section class="scroll" aria-label={name} tabIndex={0}>
      {children}
    </section>
  );
}
