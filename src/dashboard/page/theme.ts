type Choice = 'auto' | 'light' | 'dark'

const KEY = 'murmuration-theme'

/** Light, dark, or as the system says; remembered in this browser. */
export function themeSwitch(select: HTMLSelectElement, changed: () => void): void {
  const apply = (choice: Choice) => {
    if (choice === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = choice
  }
  const remembered = recall()
  select.value = remembered
  apply(remembered)
  select.addEventListener('change', () => {
    const choice = select.value as Choice
    apply(choice)
    remember(choice)
    changed()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}

/** A browser may forbid storage. */
function recall(): Choice {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === 'light' || stored === 'dark' ? stored : 'auto'
  } catch {
    return 'auto'
  }
}

function remember(choice: Choice): void {
  try {
    localStorage.setItem(KEY, choice)
  } catch {
    // Then it holds until the page is left.
  }
}
