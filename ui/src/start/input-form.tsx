import { Alert, Button, Checkbox, Fieldset, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { PlayIcon } from '@primer/octicons-react'
import { useMemo, useState, type SubmitEvent } from 'react'
import { fieldsOf, initialEntries, readInput, type Entries, type InputField } from './input-fields.ts'
import { useStart } from './use-start.ts'
import classes from './input-form.module.css'

export interface InputFormProps {
  readonly workflow: string
  readonly version: string
  /** JSON Schema; null for any JSON. */
  readonly schema: unknown
  /** Says why the workflow can not be started here; null when it can. */
  readonly refusal: string | null
}

/** Takes the input of a workflow and starts a run of it. */
export function InputForm ({ workflow, version, schema, refusal }: InputFormProps) {
  const fields = useMemo(() => fieldsOf(schema), [schema])
  const [entries, setEntries] = useState<Entries>(() => initialEntries(fields))
  const { start, isStarting, faults, problem } = useStart(schema)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    start({ workflow, version }, readInput(fields, entries))
  }
  return (
    <form className={classes['form']} onSubmit={submit} noValidate>
      {fields.length === 0 && <p className={classes['none']}>This workflow takes no input.</p>}
      <Fields fields={fields} entries={entries} faults={faults} onChange={(path, entry) => setEntries((all) => ({ ...all, [path]: entry }))} />
      {problem !== null && <Alert role='alert' variant='outline' color='red'>{problem}</Alert>}
      {refusal !== null && <p className={classes['none']}>{refusal}</p>}
      <Button type='submit' className={classes['start']} leftSection={<PlayIcon />} loading={isStarting} disabled={refusal !== null}>Start a run</Button>
    </form>
  )
}

interface FieldsProps {
  readonly fields: readonly InputField[]
  readonly entries: Entries
  readonly faults: Readonly<Record<string, string>>
  readonly onChange: (path: string, entry: string | boolean) => void
}

function Fields ({ fields, ...rest }: FieldsProps) {
  return fields.map((field) => field.kind === 'group'
    ? (
      <Fieldset key={field.path} legend={field.label} className={classes['group']}>
        {field.description !== null && <p className={classes['none']}>{field.description}</p>}
        {rest.faults[field.path] !== undefined && <p role='alert' className={classes['fault']}>{rest.faults[field.path]}</p>}
        <Fields fields={field.fields} {...rest} />
      </Fieldset>
      )
    : <Field key={field.path} field={field} {...rest} />)
}

function Field ({ field, entries, faults, onChange }: Omit<FieldsProps, 'fields'> & { readonly field: InputField }) {
  const entry = entries[field.path] ?? field.initial
  const error = faults[field.path] ?? null
  if (field.kind === 'switch') {
    return <Checkbox label={field.label} description={field.description} error={error} checked={entry === true} onChange={(event) => onChange(field.path, event.currentTarget.checked)} />
  }
  const shared = {
    label: field.label,
    description: field.description,
    error,
    withAsterisk: field.isRequired,
    'aria-required': field.isRequired,
    value: String(entry),
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => onChange(field.path, event.currentTarget.value)
  }
  switch (field.kind) {
    case 'choice': return <NativeSelect {...shared} data={choicesOf(field)} />
    case 'number': return <TextInput {...shared} inputMode='decimal' autoComplete='off' />
    case 'lines': return <Textarea {...shared} autosize minRows={3} maxRows={12} />
    case 'json': return <Textarea {...shared} autosize minRows={4} maxRows={16} spellCheck={false} classNames={{ input: classes['code'] ?? '' }} />
    default: return <TextInput {...shared} autoComplete='off' />
  }
}

function choicesOf ({ choices, initial }: InputField): Array<{ value: string, label: string }> {
  const labelled = choices.map((value) => ({ value, label: value.startsWith('"') ? String(JSON.parse(value)) : value }))
  return initial === '' ? [{ value: '', label: '' }, ...labelled] : labelled
}
