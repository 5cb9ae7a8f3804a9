import { Link } from 'react-router'
import { usePageTitle } from './page-title.ts'
import classes from './message.module.css'

/** The page of an address that leads nowhere. */
export function NotFoundPage () {
  usePageTitle('Not found')
  return (
    <div className={classes['message']}>
      <h1>There is nothing here</h1>
      <p>This address leads to no page.</p>
      <Link to='/'>See all runs</Link>
    </div>
  )
}
