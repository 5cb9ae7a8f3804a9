import { Link } from 'react-router'
import { usePageTitle } from './page-title.ts'

/** For addresses that lead nowhere. */
export function NotFoundPage () {
  usePageTitle('Not found')
  return (
    <>
      <h1>There is nothing here</h1>
      <p>This address leads to no page. <Link to='/'>See all runs</Link></p>
    </>
  )
}
