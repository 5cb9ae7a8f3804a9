import Markdown, { type Components, type Options } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import classes from './markdown.module.css'

const SAFE_LINK = /^(?:https?:|mailto:)/i

const components: Components = {
  a ({ href, children }) {
    return href === undefined || href === '' ? <span>{children}</span> : <a href={href} target='_blank' rel='noopener noreferrer nofollow'>{children}</a>
  },
  // Nothing is loaded from another host, so an image is only named.
  img ({ alt }) {
    return <span className={classes['image']}>[image{alt === undefined || alt === '' ? '' : `: ${alt}`}]</span>
  },
  // The box of a task can not be ticked here.
  input ({ checked }) {
    return <span role='img' aria-label={checked === true ? 'done' : 'not done'}>{checked === true ? '☑' : '☐'}</span>
  }
}

const plugins: Options['remarkPlugins'] = [remarkGfm]

/** Markdown without HTML and images. Links lead only to the web and to mail. */
export default function MarkdownText ({ text }: { text: string }) {
  return (
    <div className={classes['markdown']} tabIndex={0} role='region' aria-label='Result'>
      <Markdown skipHtml remarkPlugins={plugins} components={components} urlTransform={(url) => SAFE_LINK.test(url) ? url : ''}>{text}</Markdown>
    </div>
  )
}
