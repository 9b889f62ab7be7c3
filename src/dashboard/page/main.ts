import { dashboardPage } from './dashboard-page.ts'

dashboardPage().start()
