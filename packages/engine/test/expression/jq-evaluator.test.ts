import t from 'tap'
import type { Evaluator, Variables } from '../../src/expression/evaluator.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'
import type { Json } from '../../src/json.ts'

const evaluator = createEvaluator({ deadlineMs: 20_000, maxOutputBytes: 1_000_000 })
t.teardown(() => evaluator.close())

async function value (program: string, input: Json = null, variables: Variables = {}): Promise<Json> {
  return await evaluator.evaluate(program, { input, variables }, 'expression')
}

async function fault (program: string, input: Json = null, variables: Variables = {}, by: Evaluator = evaluator): Promise<string> {
  try {
    return `no fault: ${JSON.stringify(await by.evaluate(program, { input, variables }, 'expression'))}`
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

t.test('every expression of a template is replaced, and nothing else', async (t) => {
  const scope = { input: { pet: { id: 7 } }, variables: { context: { seen: [1] }, unused: null } }
  t.same(await evaluator.evaluate({
    id: '${ .pet.id }',
    list: ['${$context.seen}', 'text', ' ${ .pet\n.id }\n'],
    'a/b~c': { braces: '${ "}" + "\\(.pet.id)${ }" }', home: 'echo ${HOME} now', number: 3, nothing: null }
  }, scope), {
    id: 7,
    list: [[1], 'text', 7],
    'a/b~c': { braces: '}7${ }', home: 'echo ${HOME} now', number: 3, nothing: null }
  })
  t.equal(await evaluator.evaluate('.pet.id', scope), '.pet.id')
  t.equal(await evaluator.evaluate('.pet.id', scope, 'expression'), 7)
  t.same(await evaluator.evaluate(['.pet.id'], scope, 'expression'), ['.pet.id'], 'only the whole template is an expression without ${ }')
})

t.test('a template without expressions is returned as it is', async (t) => {
  const template = { a: ['text', 1] }
  t.equal(await evaluator.evaluate(template, { input: null, variables: {} }), template)
})

t.test('keys that mean something to objects are data', async (t) => {
  const hostile: Json = JSON.parse('{"__proto__":{"polluted":1},"constructor":"${ .constructor }","toString":"${ .toString }"}')
  const result = await evaluator.evaluate(hostile, { input: JSON.parse('{"__proto__":1,"constructor":2}'), variables: {} })
  t.equal(JSON.stringify(result), '{"__proto__":{"polluted":1},"constructor":2,"toString":null}')
  t.equal(JSON.stringify(await value('., $context', JSON.parse('{"__proto__":1}')).catch(() => 'more than one')), '"more than one"')
  t.equal(JSON.stringify(await value('[., $context]', JSON.parse('{"__proto__":1}'), { context: JSON.parse('{"__proto__":{"a":1}}') })),
    '[{"__proto__":1},{"__proto__":{"a":1}}]')
  t.same(await value('$constructor', null, { constructor: 'mine' }), 'mine')
  t.match(await fault('$toString'), /\$toString is not defined/)
})

t.test('values keep their keys in order, their texts and their numbers', async (t) => {
  const data: Json = { z: 1, a: [0.1, 1e17, -5, 123456789012345680000], text: 'é 🎉 \u0000 \\ud800 "', empty: {}, none: [] }
  t.equal(JSON.stringify(await value('. | .', data)), JSON.stringify(data))
  t.equal(JSON.stringify(await value('.c = 1', { b: 1, a: 2 })), '{"b":1,"a":2,"c":1}')
  t.equal(await value('9007199254740993'), 9007199254740992, 'integers beyond 2^53 are rounded')
  t.equal(await value('. | .', 'lone \ud800 \\ud800'), 'lone \ufffd \\ud800')
  t.equal(await value('nan'), null)
  t.match(await fault('{a: [1e1000]}'), /gives a number that is too large/)
})

t.test('an expression gives exactly one value', async (t) => {
  t.match(await fault('empty'), /^ExpressionError: It gives no value/)
  t.match(await fault('1, 2'), /more than one value/)
  t.match(await fault('repeat(1)'), /more than one value/)
  t.equal(await value('first(repeat(1))'), 1)
  t.equal(await value('.x | .'), null)
})

t.test('a fault names the program that failed', async (t) => {
  const evaluation = evaluator.evaluate({ a: '${ 1 }', b: '${ .x | tonumber }' }, { input: { x: 'y' }, variables: {} })
  await t.rejects(evaluation, { name: 'ExpressionError', program: '.x | tonumber', message: 'It fails: string ("y") cannot be parsed as a number.' })
  t.match(await fault('error({a: 1})'), /It fails: \{"a":1\}/)
  t.match(await fault('error'), /It fails: null/)
})

t.test('a fault does not show the beginning of a secret', async (t) => {
  t.equal(await fault('$secrets.token | tonumber', null, { secrets: { token: 'abcdef' } }), 'ExpressionError: It fails: string cannot be parsed as a number.')
})

t.test('a program cannot leave its place among others', async (t) => {
  for (const program of ['1) , (2', '1] , [2', '1; 2', '"', '1 + # }', 'def f: 1;', 'import "a" as a; 1', 'include "a"; 1', '', '# only', ')']) {
    const evaluation = evaluator.evaluate([`\${ ${program} }`, '${ 1 }'], { input: null, variables: {} }, 'value')
    await t.rejects(evaluation, { name: 'ExpressionError', program, message: /^It does not compile: / }, program)
  }
  t.same(await evaluator.evaluate(['${ 1 # } \\ }', '${ def f: 2; f }', '${ "a" as $x | $x }'], { input: null, variables: {} }), [1, 2, 'a'])
})

t.test('a program sees nothing but its input and variables, and has no effects', async (t) => {
  t.same(await value('[env, $ENV, env.PATH, input_filename, [inputs], get_search_list, $ARGS.named]'), [{}, {}, null, null, [], [], {}])
  t.equal(await value('debug | debug("x") | stderr', 1), 1)
  for (const program of ['halt', '"x" | halt_error', '"x" | halt_error(3)']) t.match(await fault(program), /an expression cannot halt/)
  t.match(await fault('input'), /there is no further input/)
  t.match(await fault('"a" | modulemeta'), /there are no modules/)
  for (const program of ['$__prog_args', '$named', '$context']) t.match(await fault(program), /is not defined/)
})

t.test('variables are bound whatever their values are', async (t) => {
  t.same(await value('[$if, $a_1, $__b]', null, { if: '"}) | halt', a_1: [null], __b: { $c: '${ 1 }' } }), ['"}) | halt', [null], { $c: '${ 1 }' }])
  t.match(await fault('$a', null, { 'a} | halt': 1, a: 2 }), /no fault: 2/)
  t.match(await fault('$a | $x', null, { a: 1, 'x} as $y': 2 }), /is not defined/)
})

t.test('programs are compiled without being executed', async (t) => {
  const faults = await evaluator.check([
    { program: 'def f: f; f', variables: [] },
    { program: '$context.a', variables: ['context'] },
    { program: '$context.a', variables: ['input'] },
    { program: '.a |\n  nope', variables: [] },
    { program: '.a +', variables: [] },
    { program: '1) | (2', variables: [] },
    { program: '1', variables: ['no name'] }
  ])
  t.same(faults.slice(0, 5), [
    null, null,
    'It does not compile: $context is not defined (line 1, column 1).',
    'It does not compile: nope/0 is not defined (line 2, column 3).',
    'It does not compile: syntax error, unexpected end of file (line 1, column 4).'
  ])
  t.match(faults[5], /does not compile/)
  t.match(faults[6], /cannot have the name "no name"/)
})

t.test('a value that is too large, too deep or needs too much memory is a fault, and the next one has its value', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['"x" * 10000000', /larger than 1000000 bytes/],
    ['[range(1000000)]', /larger than 1000000 bytes/],
    ['"x" * 1000000000', /more memory/],
    ['def f: 1 + f; f', /more memory/],
    ['reduce range(9000) as $i (0; [.])', /more memory or nested deeper/],
    ['reduce range(300) as $i (0; [.])', /nests arrays and objects deeper than 256/]
  ]
  for (const [program, message] of cases) {
    t.match(await fault(program), message, program)
    t.equal(await value('1 + 1'), 2)
  }
  t.match(await fault('. | .', JSON.parse('['.repeat(300) + ']'.repeat(300))), /deeper than 256/)
  t.equal(await value('length', '['.repeat(300)), 300)
  t.equal(await value('length', 'x'.repeat(10_000_000)), 10_000_000, 'a large input is no fault')
})

t.test('a path has the value that jq gives it', async (t) => {
  const input: Json = JSON.parse('{"a":{"b":[1],"__proto__":7,"toString":null},"and":false,"c":null,"text":"x","zero":0}')
  const variables = { context: input, item: null, number: 3 }
  const paths = ['.', '.a', '.a.b', '.a.b.c', '.c.d.e', '.nope', '.nope.more', '.text.length', '.zero', '.and', '.a.toString', '.a.__proto__', '.a.constructor', '.__proto__',
    '$context', '$context.a', '$context.a.b', '$item', '$item.x', '$number', '$number.x', '$nope', '$nope.x', '$__proto__', '$ENV', '$ENV.PATH', '$__loc__.line', '..', '.a.', '$', '.1', '$context.1']
  for (const path of paths) {
    const [one, other] = await Promise.all([path, `${path} | .`].map((program) => evaluator.evaluate(program, { input, variables }, 'expression').then(JSON.stringify, ({ name }) => name)))
    t.equal(one, other, `${path} is ${one}`)
  }
})
