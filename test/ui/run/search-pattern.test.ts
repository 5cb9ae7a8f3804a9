import t from 'tap'
import { rowsOf } from '../../../ui/src/run/model/log-rows.ts'
import { piecesOf } from '../../../ui/src/run/model/search-pattern.ts'

function pieces (message: string, query: string) {
  const [row] = rowsOf({ id: '1-1', type: 'log', data: { message } })
  return row === undefined ? [] : piecesOf(row, query).map(({ text, isHit, style }) => `${isHit ? '*' : ''}${style?.color?.kind === 'named' ? `${style.color.index}:` : ''}${text}`)
}

t.test('a row without colours and hits is one piece', async (t) => {
  t.same(pieces('abc', ''), ['abc'])
  t.same(pieces('abc', 'x'), ['abc'])
  t.same(pieces('', 'x'), [])
})

t.test('hits are pieces of their own, also across colours', async (t) => {
  t.same(pieces('abcABC', 'b'), ['a', '*b', 'cA', '*B', 'C'])
  t.same(pieces('aaa', 'a'), ['*a', '*a', '*a'])
  t.same(pieces('no er\u001b[31mror her\u001b[0me', 'error'), ['no ', '*er', '*1:ror', '1: her', 'e'])
})
