import type { Alert, AlertKind } from '../../api/alert.ts'
import { element, setText } from '../element.ts'
import { plural } from '../format.ts'

const titles: Readonly<Record<AlertKind, string>> = {
  'loss-stagnating': 'Loss stagnates',
  'loss-diverged': 'Loss diverged',
  'staleness-high': 'Stale exchanges',
  'exchange-success-low': 'Exchanges fail',
  'round-trip-slow': 'Slow exchanges',
  'memory-high': 'Memory is short',
  'peer-silent': 'Silent peer',
  'disagreement-growing': 'Disagreement grows',
}

export interface AlertsElements {
  readonly pane: HTMLElement
  /** Beside the tab's name. */
  readonly count: HTMLElement
  /** Read out by screen readers as it changes. */
  readonly announcements: HTMLElement
}

/** All alerts that stand; new ones are announced. */
export function alertsList({ pane, count, announcements }: AlertsElements): (alerts: readonly Alert[]) => void {
  const list = element('ul', { class: 'alerts' })
  const nothing = element('p', {}, 'No alerts.')
  pane.append(list, nothing)
  let standing = new Map<string, string>()
  return alerts => {
    const now = new Map(alerts.map(alert => [alert.id, alert.message]))
    const fresh = alerts.filter(alert => !standing.has(alert.id))
    const same = now.size === standing.size && [...now].every(([id, message]) => standing.get(id) === message)
    standing = now
    if (fresh.length > 3) setText(announcements, `${plural(fresh.length, 'new alert')}`)
    else if (fresh.length > 0) setText(announcements, fresh.map(line).join('. '))
    if (same) return
    list.replaceChildren(
      ...alerts.map(alert =>
        element(
          'li',
          { class: alert.level },
          element('strong', {}, titles[alert.kind] ?? alert.kind),
          ` ${alert.message}`,
        ),
      ),
    )
    nothing.hidden = alerts.length > 0
    count.hidden = alerts.length === 0
    setText(count, String(alerts.length))
  }
}

function line(alert: Alert): string {
  return `Alert: ${titles[alert.kind] ?? alert.kind}. ${alert.message}`
}
