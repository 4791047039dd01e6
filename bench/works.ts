/** What brings 100 rows back that were deleted side by side: the one that has a target. */
export const recoverWork = '100 deleted rows brought back, side by side'
