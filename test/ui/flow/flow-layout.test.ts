import t from 'tap'
import { placesOf, type Place } from '../../../ui/src/flow/flow-layout.ts'

const node = (id: string, parent: string | null = null, type = 'set') => ({ id, type, label: id, parent })
const edge = (from: string, to: string) => ({ from, to, label: null })

const GRAPH = {
  nodes: [
    node('start', null, 'start'), node('/do/0/a'), node('/do/1/fork', null, 'fork'),
    node('/do/1/fork/fork/branches/0/x', '/do/1/fork'), node('/do/1/fork/fork/branches/1/y', '/do/1/fork'), node('end', null, 'end')
  ],
  edges: [edge('start', '/do/0/a'), edge('/do/0/a', '/do/1/fork'), edge('/do/1/fork', 'end')]
}

function place (places: ReadonlyMap<string, Place>, id: string): Place {
  const found = places.get(id)
  if (found === undefined) throw new Error(`no place for ${id}`)
  return found
}

t.test('a flow goes from top to bottom', async (t) => {
  const places = placesOf(GRAPH)
  t.equal(places.size, GRAPH.nodes.length)
  const bottom = ({ y, height }: Place) => y + height
  t.ok(bottom(place(places, 'start')) <= place(places, '/do/0/a').y)
  t.ok(bottom(place(places, '/do/0/a')) <= place(places, '/do/1/fork').y)
  t.ok(bottom(place(places, '/do/1/fork')) <= place(places, 'end').y)
})

t.test('nodes of a group lie within it and apart', async (t) => {
  const places = placesOf(GRAPH)
  const group = place(places, '/do/1/fork')
  const [x, y] = [place(places, '/do/1/fork/fork/branches/0/x'), place(places, '/do/1/fork/fork/branches/1/y')]
  for (const inner of [x, y]) {
    t.ok(inner.x >= 0 && inner.x + inner.width <= group.width)
    t.ok(inner.y >= 0 && inner.y + inner.height <= group.height)
  }
  t.ok(x.x + x.width <= y.x || y.x + y.width <= x.x)
})

t.test('a flow that goes back to an earlier task, and an empty one, have places too', async (t) => {
  t.equal(placesOf({ ...GRAPH, edges: [...GRAPH.edges, edge('/do/1/fork', '/do/0/a')] }).size, GRAPH.nodes.length)
  t.equal(placesOf({ nodes: [], edges: [] }).size, 0)
})
