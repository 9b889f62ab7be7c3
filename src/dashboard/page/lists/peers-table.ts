import type { PeerState } from '../../api/state.ts'
import { element, setAttributes, setText } from '../element.ts'
import { whole } from '../format.ts'
import { columns, matches, type Order, sortPeers } from './columns.ts'

/** The peers as a table that sorts by any column, a page of rows at a time. */
export interface PeersTable {
  show(peers: Iterable<PeerState>, now: number, selected: string | undefined, search: string): void
}

const ROWS = 50
const headings = [{ key: 'name', label: 'Peer', title: undefined }, ...columns]

export function peersTable(pane: HTMLElement, select: (id: string) => void): PeersTable {
  let order: Order = { by: 'name', descending: false }
  let page = 0
  let shown: Parameters<PeersTable['show']> = [[], 0, undefined, '']

  const body = element('tbody')
  const heads = headings.map(({ key, label, title }) => {
    const button = element('button', { type: 'button', title }, label)
    button.addEventListener('click', () => sortBy(key))
    return element('th', { scope: 'col', 'data-key': key, class: isWords(key) ? 'words' : undefined }, button)
  })
  const table = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, 'Peers. The buttons in the headings sort.'),
    element('thead', {}, element('tr', {}, ...heads)),
    body,
  )
  const nobody = element('p', {}, 'No peers yet.')
  const range = element('span')
  const back = element('button', { type: 'button' }, 'Earlier rows')
  const on = element('button', { type: 'button' }, 'Further rows')
  const pager = element('div', { class: 'pager' }, back, range, on)
  pane.append(table, nobody, pager)
  back.addEventListener('click', () => turn(-1))
  on.addEventListener('click', () => turn(1))

  function sortBy(key: string): void {
    const numbersFirst = key !== 'name' && !isWords(key)
    order = order.by === key ? { by: key, descending: !order.descending } : { by: key, descending: numbersFirst }
    page = 0
    render()
  }

  function turn(pages: number): void {
    page += pages
    render()
  }

  function render(): void {
    const [all, now, selected, search] = shown
    const found = [...all].filter(peer => search === '' || matches(peer, search))
    const pages = Math.max(1, Math.ceil(found.length / ROWS))
    page = Math.min(Math.max(page, 0), pages - 1)
    const rows = sortPeers(found, order).slice(page * ROWS, (page + 1) * ROWS)
    setAttributes(table, { 'aria-rowcount': found.length + 1, hidden: found.length === 0 })
    nobody.hidden = found.length > 0
    setText(nobody, search === '' ? 'No peers yet.' : `No peer is found by “${search}”.`)
    for (const head of heads) {
      const sorted = head.dataset.key === order.by && (order.descending ? 'descending' : 'ascending')
      setAttributes(head, { 'aria-sort': sorted })
    }
    fill(rows, now, selected)
    pager.hidden = pages === 1
    back.disabled = page === 0
    on.disabled = page === pages - 1
    setText(range, `${whole(page * ROWS + 1)} to ${whole(page * ROWS + rows.length)} of ${whole(found.length)}`)
  }

  /** Rows are reused, so that focus and selection stay while numbers change. */
  function fill(rows: readonly PeerState[], now: number, selected: string | undefined): void {
    while (body.rows.length > rows.length) body.deleteRow(-1)
    rows.forEach((peer, i) => {
      const row = body.rows[i] ?? body.appendChild(newRow())
      setAttributes(row, {
        'data-peer': peer.id,
        'data-presence': peer.presence,
        'aria-rowindex': page * ROWS + i + 2,
        'aria-selected': peer.id === selected ? 'true' : 'false',
      })
      const button = row.cells[0]!.firstElementChild!
      setText(button, peer.name)
      setAttributes(button, { title: peer.id, 'aria-pressed': peer.id === selected ? 'true' : 'false' })
      columns.forEach((column, c) => {
        setText(row.cells[c + 1]!, column.text(peer, now))
      })
    })
  }

  function newRow(): HTMLTableRowElement {
    const button = element('button', { type: 'button' })
    button.addEventListener('click', () => {
      const id = button.closest('tr')?.dataset.peer
      if (id !== undefined) select(id)
    })
    const cells = columns.map(({ words }) => element('td', { class: words ? 'words' : undefined }))
    return element('tr', {}, element('th', { scope: 'row' }, button), ...cells)
  }

  render()
  return {
    show(...arguments_) {
      shown = arguments_
      render()
    },
  }
}

function isWords(key: string): boolean {
  return columns.some(column => column.key === key && column.words === true)
}
