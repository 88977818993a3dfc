package jobs

// entry is a user as the job file or a row of a source names it.
type entry struct {
	username string
	place    Place // of the username
	defaults
}
