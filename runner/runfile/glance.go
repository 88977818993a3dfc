package runfile

import (
	"database/sql"
	"path/filepath"
)

// Glance reads how far a run is, as one of many: in a few short queries,
// whatever the size of the file, and without waiting for whoever has it
// locked. Its Info has no Approvals. It does not look whether the file is whole.
func Glance(path string) (info Info, counts Counts, err error) {
	if err := mustBeFile(path); err != nil {
		return info, counts, wrap(path, "opening it", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return info, counts, wrap(path, "opening it", err)
	}
	mode := "mode=ro"
	s := seen(real)
	if s.foreign() {
		mode = alone
	}
	err = glance(real, mode, &info, &counts)
	if kindOf(err) == ErrReadOnly && !s.log { // its folder cannot be written, as SQLite would for a log
		err = glance(real, alone, &info, &counts)
	}
	return info, counts, wrap(path, "reading it", err)
}

func glance(real, mode string, info *Info, counts *Counts) (err error) {
	db, err := open(real, mode, "busy_timeout(100)", "cell_size_check(1)")
	if err != nil {
		return err
	}
	use(real, 1)
	defer use(real, -1)
	defer func() { err = join(err, db.Close()) }()
	conn, err := db.Conn(background)
	if err != nil {
		return err
	}
	defer func() { err = join(err, conn.Close()) }()
	if err := checkHeader(conn); err != nil {
		return err
	}
	var rows [2]*sql.Stmt
	for i, query := range []string{selectInfo, selectAttemptSums} {
		if rows[i], err = conn.PrepareContext(background, query); err != nil {
			return err
		}
		defer rows[i].Close()
	}
	if *info, err = readInfo(rows[0]); err != nil {
		return err
	}
	*counts, err = readCounts(conn, rows[1])
	return err
}
