/** The version of this Holdfast, as package.json states it (a test compares them). */
export const version = '0.1.0'
