// Writes docs/PROTOCOL.md from the schemas and their doc comments:
//   node tools/with-node.mjs tools/protocol-page.ts
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { commands, type CommandType } from '#domain/commands.ts';
import { facts, type FactType } from '#domain/facts.ts';
import * as down from '#protocol/down.ts';
import { limits } from '#protocol/limits.ts';
import { queries } from '#protocol/query.ts';
import * as up from '#protocol/up.ts';
import { history, subprotocol } from '#protocol/version.ts';
import { viewNames } from '#protocol/view.ts';
import { docCommentsIn } from './doc-comments.ts';
import type { Shape } from './json-shape.ts';
import { code, codes, schemaWords } from './schema-words.ts';
import { isMain, root } from './setup.mjs';

const PAGE = join(root, 'docs/PROTOCOL.md');
const oxfmt = join(root, 'node_modules/oxfmt/bin/oxfmt');

interface Module {
  readonly file: string;
  readonly source: string;
  readonly docs: ReadonlyMap<string, string>;
  readonly exports: Readonly<Record<string, unknown>>;
}

async function readModules(folder: string): Promise<readonly Module[]> {
  const files = globSync(`${folder}/*.ts`, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted();
  return Promise.all(
    files.map(async (file) => {
      const source = readFileSync(join(root, file), 'utf8');
      const exports = (await import(join(root, file))) as Readonly<Record<string, unknown>>;
      return { file, source, docs: docCommentsIn(source), exports };
    }),
  );
}

const sourceOf = (text: string) => `\`\`\`ts\n${text}\n\`\`\``;

/** The page as it should stand in docs/PROTOCOL.md, laid out by the formatter. */
export async function protocolPage(): Promise<string> {
  const protocol = await readModules('protocol');
  const domain = await readModules('domain');
  const modules = [...protocol, ...domain];

  // Every schema that a module exports has the name of its export, and so has what is made of it.
  const registry = z.registry<{ id: string }>();
  const homes = new Map<string, { readonly name: string; readonly module: Module }>();
  const schemasOf = ({ exports }: Module) =>
    Object.entries(exports).flatMap(([name, value]) =>
      value instanceof z.ZodType ? [{ name, schema: value }] : [],
    );
  // One schema under several names is none of them: its fields say what it is.
  const names = Map.groupBy(modules.flatMap(schemasOf), ({ schema }) => schema);
  const put = (schema: z.ZodType, id: string) => {
    if (!registry.has(schema)) registry.add(schema, { id });
    return registry.get(schema)?.id ?? id;
  };
  for (const module of modules) {
    for (const { name, schema } of schemasOf(module)) {
      if (new Set(names.get(schema)?.map((it) => it.name)).size > 1) continue;
      const id = homes.has(name) ? `${module.file}:${name}` : name;
      if (put(schema, id) === id) homes.set(id, { name, module });
    }
  }
  const factIds = Object.entries(facts).map(
    ([type, { body }]) => [type, put(body, `event ${type}`)] as const,
  );
  const commandIds = Object.entries(commands).map(
    ([type, { body }]) => [type, put(body, `command ${type}`)] as const,
  );
  const queryIds = Object.entries(queries).map(
    ([name, params]) => [name, put(params, `query ${name}`)] as const,
  );
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => id });
  const shapeOf = (id: string) => (schemas[id] ?? {}) as Shape;

  const used = new Set<string>();

  const { describe, fieldsOf } = schemaWords({
    named: (id) => used.add(id),
    lists: {
      'the name of a command': Object.keys(commands),
      'the name of a query': Object.keys(queries),
      'the name of a view': viewNames,
    },
  });

  /** What is said of a schema that a module exports, and the shape of it. */
  const section = (id: string): string => {
    const { name = id, module } = homes.get(id) ?? {};
    const doc = module?.docs.get(name) ?? '';
    const shape = shapeOf(id);
    const fields = shape.properties
      ? fieldsOf(shape, (path) => module?.docs.get(`${name}/${path}`))
      : '';
    return [doc, fields].filter(Boolean).join('\n\n');
  };

  const hops = hopsOf(modules);
  const described = new Set<string>();
  const frames = hops.flatMap(({ says, union }) => {
    const ids = union.options.map((option) => registry.get(option as z.ZodType)?.id ?? '');
    const again = ids.filter((id) => described.has(id)).map(frameName);
    const fresh = ids.filter((id) => !described.has(id));
    for (const id of fresh) described.add(id);
    return [
      `## ${says.replace(/\.$/, '')}`,
      ...fresh.map((id) => `### ${code(frameName(id))}\n\n${section(id)}`),
      ...(again.length > 0 ? [`The same as above: ${codes(again)}.`] : []),
    ];
  });
  function frameName(id: string): string {
    const name = shapeOf(id).properties?.['frame']?.const;
    return typeof name === 'string' ? name : id;
  }
  const isFrame = (id: string) => shapeOf(id).properties?.['frame']?.const !== undefined;

  const isStrict = [...described].every((id) => shapeOf(id).additionalProperties === false);

  const bodyOf = (id: string, own: string, docOf: (path: string) => string | undefined) => {
    if (id !== own) {
      used.add(id);
      return homes.has(id) ? `Its body is ${code(id)}.` : `Its body is that of the ${id}.`;
    }
    return fieldsOf(shapeOf(id), docOf) || 'Its body is empty.';
  };
  const docsOf = (name: string) => {
    const module = modules.find(({ exports }) => Object.hasOwn(exports, name));
    return (path: string) => module?.docs.get(path === '' ? name : `${name}/${path}`);
  };

  const queryDocs = docsOf('queries');
  const rowTypes = rowTypesIn(protocol);
  const rowOf = (name: string) => {
    const found = rowTypes.find((it) => it.rowOf === name);
    return found ? sourceOf(found.text) : 'No type in `protocol/` says what its row is.';
  };
  const viewPart = viewNames.flatMap((name) => [`### ${code(name)}`, rowOf(name)]);
  const queryPart = queryIds.flatMap(([name, id]) => [
    `### ${code(name)}`,
    queryDocs(name) ?? '',
    bodyOf(id, `query ${name}`, (path) => queryDocs(`${name}/${path}`)),
    rowOf(name),
  ]);
  const otherTypes = rowTypes.filter(({ rowOf: it }) => it === undefined);

  const commandDocs = docsOf('commands');
  const commandPart = commandIds.flatMap(([type, id]) => {
    const { late, mayAsk } = commands[type as CommandType];
    return [
      `### ${code(type)}`,
      commandDocs(type) ?? '',
      `Late: ${code(late)}. May ask: ${mayAsk.join(', ')}.`,
      bodyOf(id, `command ${type}`, (path) => commandDocs(`${type}/${path}`)),
    ];
  });

  const factDocs = docsOf('facts');
  const factPart = factIds.flatMap(([type, id]) => {
    const { class: eventClass, typeVersion } = facts[type as FactType];
    return [
      `### ${code(type)}`,
      factDocs(type) ?? '',
      `Class ${code(eventClass)}, version ${typeVersion}.`,
      bodyOf(id, `event ${type}`, (path) => factDocs(`${type}/${path}`)),
    ];
  });

  // What a shape is made of may be a shape too: go on until nothing new is named.
  const shapeParts = new Map<string, string>();
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const id of [...used].filter((it) => homes.has(it) && !isFrame(it))) {
      if (shapeParts.has(id)) continue;
      const shape = shapeOf(id);
      const body = section(id);
      shapeParts.set(
        id,
        [`### ${code(id)}`, body, ...(shape.properties ? [] : [`${capital(describe(shape))}.`])]
          .filter(Boolean)
          .join('\n\n'),
      );
      isNew = true;
    }
  }
  const shapes = [...shapeParts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);

  const limitDocs = docsOf('limits');
  const limitPart = Object.entries(limits).map(([name, value]) =>
    [`- ${code(name)}: ${value}.`, limitDocs(name)].filter(Boolean).join(' '),
  );
  const historyPart = history.map(
    ({ version, fingerprint, change }) => `- ${version} (${code(fingerprint)}): ${change}`,
  );

  const page = [
    '# Protocol',
    'Made from the schemas in `protocol/` and `domain/` by `node tools/with-node.mjs tools/protocol-page.ts`. ' +
      'A test fails where it says something else than they do. Do not edit it by hand.',
    `Frames are JSON texts over a WebSocket (subprotocol ${code(subprotocol)}). Every frame has ` +
      '`frame`, its own name, beside the fields below.' +
      (isStrict ? ' A frame with a field that is not listed here is refused.' : ''),
    hops
      .map(({ says, union }) => {
        const ids = union.options.map((it) => registry.get(it as z.ZodType)?.id ?? '');
        return `- ${says.replace(/\.$/, '')}: ${codes(ids.map(frameName))}`;
      })
      .join('\n'),
    ...frames,
    '## Views',
    docsOf('viewNames')('') ?? '',
    ...viewPart,
    '## Queries',
    docsOf('queries')('') ?? '',
    ...queryPart,
    '## Types of rows',
    ...otherTypes.flatMap(({ doc, text }) => [doc, sourceOf(text)]),
    '## Commands',
    docsOf('commands')('') ?? '',
    modules.map(({ docs }) => docs.get('LatePolicy')).find(Boolean) ?? '',
    ...commandPart,
    '## Events',
    docsOf('facts')('') ?? '',
    ...factPart,
    '## Shapes',
    ...shapes,
    '## Refusals',
    ...refusalsIn(domain),
    '## Limits',
    docsOf('limits')('') ?? '',
    limitPart.join('\n'),
    '## History',
    docsOf('history')('') ?? '',
    historyPart.join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n');
  return laidOut(page);
}

interface Hop {
  /** Who speaks to whom: the doc comment of the union of its frames. */
  readonly says: string;
  readonly union: z.ZodDiscriminatedUnion;
}

/** The unions of `up.ts` and `down.ts`: each direction up with the one that answers it. */
function hopsOf(modules: readonly Module[]): readonly Hop[] {
  const [ups, downs] = [up, down].map((exports) =>
    Object.entries(exports).flatMap(([name, union]) => {
      if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
      const module = modules.find((it) => it.exports[name] === union);
      return [{ says: module?.docs.get(name) ?? name, union }];
    }),
  );
  const written = modules
    .filter(({ exports }) => exports === up || exports === down)
    .map(({ docs }) => [...docs.values()]);
  const rank = (says: string) => Math.max(...written.map((them) => them.indexOf(says)));
  const inOrder = (them: readonly Hop[] = []) =>
    them.toSorted((a, b) => rank(a.says) - rank(b.says));
  const answers = inOrder(downs);
  return inOrder(ups).flatMap((it, at) => [it, answers[at] ?? []].flat());
}

const TYPE =
  /^export (?:interface (?<row>\w+)[^]*?^\}|type (?<name>\w+) =[^]*?;(?=\n(?:\n|\/\*\*|export|$)))/gm;

/** The exported types of the views' and queries' files, in order, and of which view each is a row. */
function rowTypesIn(modules: readonly Module[]) {
  return modules
    .filter(({ exports }) => 'viewNames' in exports || 'queries' in exports)
    .flatMap(({ source, docs }) =>
      [...source.matchAll(TYPE)]
        .filter(([text]) => !/\btypeof\b/.test(text)) // made from a schema or a list, and told there
        .map(([text, row, name]) => ({
          rowOf: /\brow of `([\w-]+)`/.exec(docs.get(row ?? name ?? '') ?? '')?.[1],
          doc: docs.get(row ?? name ?? '') ?? '',
          text: text.replace(/^export /, '').replaceAll('readonly ', ''),
        })),
    );
}

/** The reasons of the closed union `Refusal`, with what each carries. */
function refusalsIn(modules: readonly Module[]): readonly string[] {
  const sources = modules.map(({ source }) => source).join('\n');
  const [, union = ''] = /export type Refusal =([^]*?\});/.exec(sources) ?? [];
  const rows = [...union.matchAll(/reason:([^;}]+)([^}]*)\}/g)].flatMap(
    ([, reasons = '', rest = '']) => {
      const words = reasons.split('|').flatMap((word) => {
        const [, literal] = /'([^']+)'/.exec(word) ?? [];
        if (literal !== undefined) return [literal];
        const [, values = ''] = new RegExp(`type ${word.trim()} = ([^;]+);`).exec(sources) ?? [];
        return [...values.matchAll(/'([^']+)'/g)].map(([, value = '']) => value);
      });
      const more = [...rest.matchAll(/readonly (\w+)/g)].map(([, name]) => code(String(name)));
      return words.map(
        (word) => `- ${code(word)}${more.length > 0 ? ` with ${more.join(', ')}` : ''}`,
      );
    },
  );
  const doc = modules.map(({ docs }) => docs.get('Refusal')).find(Boolean);
  return [doc ?? '', rows.join('\n')];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The formatter has the last word on layout, so that the page passes its check as it is. */
function laidOut(page: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [oxfmt, `--stdin-filepath=${PAGE}`],
    { cwd: root, input: `${page}\n`, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`laying out the page: ${stderr}`);
  return stdout;
}

if (isMain(import.meta.filename)) writeFileSync(PAGE, await protocolPage());
