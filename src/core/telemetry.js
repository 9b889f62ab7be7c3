export const silentTelemetry = { record: () => {} }
