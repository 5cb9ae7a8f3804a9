import { useMemo } from 'react'
import { JsonView, defaultStyles, type Props } from 'react-json-view-lite'
import { treeValue } from '../model/tree-value.ts'
import classes from './json-tree.module.css'

const OPEN_LEVELS = 2
const OPEN_ITEMS = 50

const NAMES = ['container', 'basicChildStyle', 'childFieldsContainer', 'label', 'clickableLabel', 'nullValue', 'undefinedValue', 'numberValue', 'stringValue', 'booleanValue', 'otherValue', 'punctuation', 'expandIcon', 'collapseIcon', 'collapsedContent'] as const

const styles = {
  ...defaultStyles,
  ...Object.fromEntries(NAMES.map((name) => [name, classes[name] ?? ''])),
  quotesForFieldNames: false
}

const isOpen: NonNullable<Props['shouldExpandNode']> = (level, value) => level < OPEN_LEVELS && typeof value === 'object' && value !== null && Object.keys(value).length <= OPEN_ITEMS

/** A JSON value as a tree to open and close. */
export default function JsonTree ({ value }: { value: object }) {
  const data = useMemo(() => treeValue(value), [value])
  if (typeof data !== 'object' || data === null) return null
  return <div className={classes['frame']}><JsonView data={data} style={styles} shouldExpandNode={isOpen} clickToExpandNode aria-label='Result as a tree' /></div>
}
