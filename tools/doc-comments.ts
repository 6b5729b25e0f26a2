const isWord = (character: string | undefined) =>
  character !== undefined && /[\w$]/.test(character);
const DECLARATIONS = new Set(['const', 'interface', 'type', 'function', 'class']);
/** What may stand between a comment and the name that it belongs to. */
const LEADS_TO_NAME = /^(?:export|async|const|interface|type|function|class)$/;

/** The words of a doc comment, as one line. */
const wordsOf = (comment: string) =>
  comment
    .slice('/**'.length, -'*/'.length)
    .split('\n')
    .map((line) => line.trim().replace(/^\*\s?/, ''))
    .join(' ')
    .trim();

/**
 * The doc comments of a module by what they stand before: a declaration by its name, a key of the
 * object it is made with by its path, as `draftContent/caret/field`. It reads text, not types: what it
 * does not understand has no comment.
 */
export function docCommentsIn(source: string): ReadonlyMap<string, string> {
  const docs = new Map<string, string>();
  const open: { readonly bracket: string; readonly key: string | undefined }[] = [];
  let top = '';
  let key: string | undefined;
  let pending: string | undefined;
  let before = ''; // the last character that is not space or comment
  let declares = false; // the last word was `const` or one of its kind
  const keep = (path: readonly (string | undefined)[]) => {
    if (pending) docs.set(path.filter((part) => part !== undefined).join('/'), pending);
    pending = undefined;
  };
  const word = (text: string, after: string) => {
    if (open.length === 0) {
      if (declares) {
        top = text;
        key = undefined;
        keep([top]);
      }
      declares = DECLARATIONS.has(text) && isWord(after); // not the end of `as const;`
    } else if (open.at(-1)?.bracket === '{' && /[{,;]/.test(before) && /[:,}]/.test(after)) {
      key = text;
      keep([top, ...open.map((it) => it.key), key]);
    }
  };
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at);
    const character = rest.charAt(0);
    const [comment] = /^\/\*[^]*?\*\/|^\/\/.*/.exec(rest) ?? [];
    if (comment !== undefined) {
      if (comment.startsWith('/**')) pending = wordsOf(comment);
      at += comment.length;
      continue;
    }
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    const isRegex = character === '/' && /[(,=:[!&|?{};]/.test(before);
    const [token = character] =
      (isRegex
        ? /^\/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\])+\/\w*/
        : /^'(?:\\.|[^'])*'|^"(?:\\.|[^"])*"|^`(?:\\.|[^`])*`|^[\w$]+/
      ).exec(rest) ?? [];
    const [after = ''] = /\S/.exec(source.slice(at + token.length, at + token.length + 200)) ?? [];
    if (token.startsWith("'")) word(token.slice(1, -1), after === ':' ? after : '');
    else if (isWord(character)) word(token, after);
    else if (character === '{') open.push({ bracket: character, key });
    else if (/[([]/.test(character)) open.push({ bracket: character, key: undefined });
    else if (character === '}') key = open.pop()?.key; // back to the key that the object stands under
    else if (/[)\]]/.test(character)) open.pop();
    if (!LEADS_TO_NAME.test(token)) pending = undefined; // it stood before something without a name
    before = token.at(-1) ?? before;
    at += token.length;
  }
  return docs;
}
