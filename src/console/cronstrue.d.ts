/** The library has no types for the file of one language, which only has to be loaded. */
declare module 'cronstrue/locales/ar'
