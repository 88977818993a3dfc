package runfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Ledger counts the e-mails of a day that an account may send, over all runs of
// this user on this machine. Several processes may keep the same one.
type Ledger struct {
	path string
	now  func() time.Time
}

// Days end at 09:00 UTC, as Cognito's daily limit of messages does. Source: the
// developer guide, "Email settings for Amazon Cognito user pools".
const dayEnds = 9 * time.Hour

// OpenLedger returns the count of an account and Region, which lies in the
// folder dir; now may be nil, for time.Now. Where the account is not known, the
// pool's ID may stand for it.
func OpenLedger(dir, account, region string, now func() time.Time) (*Ledger, error) {
	if now == nil {
		now = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the count of messages: %w", err)
	}
	l := &Ledger{filepath.Join(dir, "messages-"+account+"-"+region+".json"), now}
	_, err := l.Sent()
	return l, err
}

// page is the count of one day.
type page struct {
	Day  string `json:"day"` // on which it began
	Sent int    `json:"sent"`
}

// Take counts one more message, which is about to be sent. It reports false,
// and counts none, where limit were sent today.
func (l *Ledger) Take(limit int) (ok bool, err error) {
	err = l.change(func(p *page) {
		if ok = p.Sent < limit; ok {
			p.Sent++
		}
	})
	return ok, err
}

// GiveBack takes back what Take has counted at a time: the message was surely
// not sent. It does nothing where that day is over.
func (l *Ledger) GiveBack(taken time.Time) error {
	return l.change(func(p *page) {
		if dayOf(taken) == p.Day && p.Sent > 0 {
			p.Sent--
		}
	})
}

// Sent returns how many were counted today.
func (l *Ledger) Sent() (sent int, err error) {
	err = l.change(func(p *page) { sent = p.Sent })
	return sent, err
}

// Resets returns when the day ends, after which the count begins anew.
func (l *Ledger) Resets() time.Time {
	t := l.now().UTC().Add(-dayEnds).Truncate(24 * time.Hour)
	return t.Add(24*time.Hour + dayEnds)
}

func dayOf(t time.Time) string { return t.UTC().Add(-dayEnds).Format(time.DateOnly) }

// change reads the count and writes it again, with no other process between. A
// count that cannot be read is an error: it may be one that forbids more.
func (l *Ledger) change(do func(*page)) error {
	f, err := l.lock()
	if err != nil {
		return fmt.Errorf("the count of messages: %w", err)
	}
	defer f.Close() // and the lock ends
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return fmt.Errorf("the count of messages: %w", err)
	}
	var p page
	if len(text) > 0 {
		if json.Unmarshal(text, &p) != nil || p.Sent < 0 {
			return fmt.Errorf("the count of messages: %s holds none", l.path)
		}
	}
	was := p
	if today := dayOf(l.now()); p.Day < today { // where the clock was set back, the later day counts
		p = page{Day: today}
	}
	if do(&p); p == was {
		return nil
	}
	text, err = json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(fmt.Appendf(nil, "%-60s\n", text), 0); err != nil { // of one length: written in one step
		return fmt.Errorf("the count of messages: %w", err)
	}
	return nil
}

// lock opens the file, and locks it until it is closed.
func (l *Ledger) lock() (*os.File, error) {
	const patience = 5 * time.Second // others hold it for a moment only
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err = tryExclusive(f); err == nil {
			return f, nil
		}
		f.Close()
		if !errors.Is(err, errHeld) || time.Since(began) > patience {
			return nil, err
		}
	}
}
