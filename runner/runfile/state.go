package runfile

import "time"

// SetState records how far the run is, with all that was recorded before,
// and is durable when it returns nil. Running sets StartedAt, if nothing did
// before, and clears FinishedAt; any other state but Planned sets FinishedAt.
func (f *File) SetState(s State, reason string) error { return f.SetStateAt(s, reason, time.Now()) }

// SetStateAt is SetState at a time that is already in a report.
func (f *File) SetStateAt(s State, reason string, at time.Time) error {
	now := at.UnixMilli()
	return f.update(func(session *session) error {
		if s == Running {
			return session.exec(`UPDATE run SET state = ?, reason = ?, started_at = coalesce(started_at, ?), finished_at = NULL`,
				int64(s), reason, now)
		}
		return session.exec(`UPDATE run SET state = ?, reason = ?, finished_at = ?`, int64(s), reason, now)
	})
}

// SetIdentity records what is learned before the first request: the pool's
// name, the account and who acts; and for how many days temporary passwords are
// good in it, 0 where that is not known.
func (f *File) SetIdentity(poolName, account, actor string, temporaryDays int) error {
	return f.update(func(s *session) error {
		return s.exec("UPDATE run SET pool_name = ?, account = ?, actor = ?, temporary_days = ?", poolName, account, actor, int64(temporaryDays))
	})
}

func (f *File) update(do func(*session) error) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	return w.transact(do)
}

// SetEndpoint records where requests go, as far as it makes the pool another
// one: see LockPool. Most runs go to AWS, and have nothing to record.
func (f *File) SetEndpoint(endpoint string) error {
	port := loopbackPort(endpoint)
	if port == "" {
		return nil
	}
	return f.update(func(s *session) error { return s.exec("UPDATE run SET port = ?", port) })
}

// loopback returns what SetEndpoint has recorded. A file that was made before
// there was such a column has none.
func (f *File) loopback() (port string) {
	_ = f.look(func(l *looks) error {
		return l.session.conn.QueryRowContext(background, "SELECT port FROM run").Scan(&port)
	})
	return port
}
