import { dirname, relative, resolve } from 'node:path';

interface Layer {
  /** Layers it may import. A layer absent from this list is out of reach. */
  readonly knows: readonly string[];
  /** Layers it may import types from, and nothing that runs. */
  readonly knowsTypesOf?: readonly string[];
  readonly packages: readonly string[];
  /** Set where a folder holds no source at all. */
  readonly holdsOnly?: 'json';
}

/** Who may import whom. The first row that fits a file is its layer; order is innermost first. */
export const layers: Readonly<Record<string, Layer>> = {
  'domain/lib': { knows: [], packages: [] },
  domain: { knows: ['domain/lib'], packages: ['zod', 'temporal-polyfill', 'libphonenumber-js'] },
  // Codes, grades, statuses: data that is parsed by the schemas of domain/ before it is used.
  'reference-data': { knows: [], packages: [], holdsOnly: 'json' },
  protocol: { knows: ['domain'], packages: ['zod'] },
  store: {
    knows: ['domain', 'reference-data'],
    knowsTypesOf: ['protocol'],
    packages: ['node:', 'better-sqlite3', 'better-sqlite3-multiple-ciphers'],
  },
  'main/desk': {
    knows: ['domain', 'protocol', 'store', 'reference-data'],
    packages: ['node:', 'ws', 'zod'],
  },
  'main/electron': { knows: ['protocol', 'main/desk'], packages: ['node:', 'electron'] },
  'main/chromium': { knows: ['protocol', 'main/desk'], packages: ['node:'] },
  preload: { knows: ['protocol'], packages: ['electron'] },
  renderer: {
    knows: ['domain', 'protocol'],
    packages: ['react', 'react-dom', 'zustand', 'zod', 'maplibre-gl', 'uplot'],
  },
  server: {
    knows: ['domain', 'protocol', 'store', 'reference-data'],
    packages: ['node:', 'ws', 'zod', 'fastify', 'pg', 'pino', 'prom-client', 'csv-parse'],
  },
  // The made-up force sees what any outside system could see: the protocol, and the words it speaks of.
  training: { knows: ['domain', 'protocol'], packages: ['node:', 'ws', 'zod'] },
  cli: {
    knows: [
      'domain',
      'reference-data',
      'protocol',
      'store',
      'main/desk',
      'main/electron',
      'main/chromium',
      'preload',
      'server',
      'training',
    ],
    packages: ['node:', 'ws', 'zod'],
  },
};

/** Not part of the product: these may import anything, and nothing above may import them. */
const outside = [/^tests\//, /^tools\//, /^[^/]+\.config\.ts$/];

/** A module that would bind its user to one choice is imported in one place only. */
const onlyIn: Readonly<Record<string, string>> = {
  'better-sqlite3': 'store/open-store.ts',
  'better-sqlite3-multiple-ciphers': 'store/open-store.ts',
};

/** The same for what it does; its types may be named anywhere in the layers that have the package. */
const valuesOnlyIn: Readonly<Record<string, string>> = {
  'electron/main': 'main/electron/main.ts',
  'electron/renderer': 'preload/preload.ts',
};

/** The `imports` of package.json: a `#` marks the place where an import crosses into another layer. */
const aliases = {
  '#domain/': 'domain/',
  '#protocol/': 'protocol/',
  '#store/': 'store/',
  '#desk/': 'main/desk/',
  '#chromium/': 'main/chromium/',
  '#server/': 'server/',
  '#training/': 'training/',
  '#reference-data/': 'reference-data/',
};

const within = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

const layerOf = (file: string) => Object.entries(layers).find(([name]) => within(file, name));

const isOutside = (file: string) => outside.some((pattern) => pattern.test(file));

function resolveTarget(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return resolve('/', dirname(file), specifier).slice(1);
  const alias = Object.entries(aliases).find(([prefix]) => specifier.startsWith(prefix));
  return alias && alias[1] + specifier.slice(alias[0].length);
}

/** The reason a source file may not be where it is, or undefined. */
export function misplaced(file: string): string | undefined {
  if (isOutside(file)) return undefined;
  const layer = layerOf(file);
  if (!layer) return `${file} is in no layer. Move it, or give its folder a row in layers.ts.`;
  const [name, { holdsOnly }] = layer;
  return holdsOnly && `${name} holds ${holdsOnly} only. Code that reads it belongs in domain/.`;
}

/** The reason an import is out of bounds, or undefined when it is allowed. */
export function violation(
  file: string,
  specifier: string,
  kind: 'value' | 'type' = 'value',
): string | undefined {
  const layer = layerOf(file);
  if (isOutside(file) || !layer || /\.(test|suite|bench)\.tsx?$/.test(file)) return undefined;
  const [name, { knows, knowsTypesOf = [], packages }] = layer;
  const target = resolveTarget(file, specifier);
  if (target !== undefined) {
    // The row of the target decides, so that main/desk is not reached by knowing main.
    const home = layerOf(target)?.[0] ?? target;
    const covers = (folder: string) => within(home, folder);
    if ([name, ...knows].some(covers)) return undefined;
    if (!knowsTypesOf.some(covers)) {
      return `${name} does not know ${target}. See ARCHITECTURE.md, "Layers".`;
    }
    return kind === 'type' ? undefined : `${name} may import only types from ${home}.`;
  }
  const isFrom = (known: string) =>
    specifier === known || specifier.startsWith(known.endsWith(':') ? known : `${known}/`);
  if (!packages.some(isFrom)) {
    return `${name} may not use ${specifier}. If it should, say so in tools/lint/layers.ts.`;
  }
  const home = onlyIn[specifier] ?? (kind === 'value' ? valuesOnlyIn[specifier] : undefined);
  if (home === undefined || home === file || file.endsWith('.d.ts')) return undefined;
  return `${specifier} is imported in ${home} only.`;
}

interface Kinds {
  readonly importKind?: string;
  readonly exportKind?: string;
}

/** What this rule reads of a syntax node; an import() may have a source that is not a literal. */
interface ImportNode extends Kinds {
  readonly type: string;
  readonly source: { readonly value?: unknown } | null;
  readonly specifiers?: readonly Kinds[];
}
interface Context {
  readonly filename: string;
  readonly cwd: string;
  report(_: { node: object; message: string }): void;
}

const isType = (it: Kinds) => it.importKind === 'type' || it.exportKind === 'type';

function kindOf(node: ImportNode) {
  const { type, specifiers = [] } = node;
  if (type === 'TSImportType' || isType(node)) return 'type';
  return specifiers.length > 0 && specifiers.every(isType) ? 'type' : 'value';
}

const rule = {
  create(context: Context) {
    const file = relative(context.cwd, context.filename).replaceAll('\\', '/');
    const check = (node: ImportNode) => {
      if (typeof node.source?.value !== 'string') return;
      const message = violation(file, node.source.value, kindOf(node));
      if (message) context.report({ node, message });
    };
    return {
      Program(node: object) {
        const message = misplaced(file);
        if (message) context.report({ node, message });
      },
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

export default { meta: { name: 'desk' }, rules: { layers: rule } };
