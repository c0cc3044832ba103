import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintGutter } from '@codemirror/lint';
import { tags } from '@lezer/highlight';
import { basicSetup, EditorView } from 'codemirror';
import { lintRecipe, type RecipeFault } from '../../src/tools/lint-recipe.js';

/** Colours that follow the site's, light and dark. */
const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'var(--vp-code-block-bg)', color: 'var(--vp-c-text-1)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'var(--vp-font-family-mono)', caretColor: 'var(--vp-c-text-1)' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    color: 'var(--vp-c-text-3)',
    border: 'none',
    fontFamily: 'var(--vp-font-family-mono)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--vp-c-default-soft)' },
  '.cm-cursor': { borderLeftColor: 'var(--vp-c-text-1)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--vp-c-brand-soft) !important',
  },
  '.cm-tooltip': { backgroundColor: 'var(--vp-c-bg-elv)', borderColor: 'var(--vp-c-divider)' },
});

const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.definition(tags.propertyName), color: 'var(--vp-c-brand-1)' },
    { tag: tags.comment, color: 'var(--vp-c-text-3)' },
    { tag: [tags.string, tags.content], color: 'var(--vp-c-text-1)' },
    { tag: [tags.number, tags.bool, tags.null], color: 'var(--loom-poor)' },
  ]),
);

/** An editor of recipes that says what is wrong while one writes. */
export function createRecipeEditor(
  parent: HTMLElement,
  text: string,
  onChange: (text: string) => void,
  onFault: (fault: RecipeFault | undefined) => void,
): { setText(text: string): void; destroy(): void } {
  const check = linter(
    ({ state }): Diagnostic[] => {
      const fault = lintRecipe(state.doc.toString());
      onFault(fault);
      if (!fault) return [];
      const line = state.doc.line(Math.min(fault.line, state.doc.lines));
      const from = Math.min(line.from + fault.column - 1, line.to);
      return [{ from, to: Math.max(from, line.to), severity: 'error', message: fault.message }];
    },
    { delay: 150 },
  );
  // At once, not when it is checked: a click on Merge right after a key must take what stands there.
  const changes = EditorView.updateListener.of(({ docChanged, state }) => {
    if (docChanged) onChange(state.doc.toString());
  });
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      basicSetup,
      yaml(),
      lintGutter(),
      check,
      changes,
      look,
      highlighting,
      EditorView.lineWrapping,
    ],
  });
  return {
    setText(next) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    destroy: () => view.destroy(),
  };
}
