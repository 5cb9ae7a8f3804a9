import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import classes from './message.module.css'

export interface ErrorBoundaryProps {
  /** Says which part can not be shown. */
  readonly message: string
  readonly children: ReactNode
}

/** Keeps a fault in a part of the page to that part: the rest of the page goes on. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError (): { readonly hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render (): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    return (
      <div className={classes['message']} role='alert'>
        <p>{this.props.message}</p>
        <Button size='xs' variant='default' onClick={() => window.location.reload()}>Load the page again</Button>
      </div>
    )
  }
}
