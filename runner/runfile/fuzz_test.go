package runfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// FuzzHead reads any text as the head of a plan, and holds that what is read is
// what is written; and that a head which is changed in any place is refused.
func FuzzHead(f *testing.F) {
	written, err := marshalHead(examplePlan())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(written, uint16(0), "x")
	f.Add(`{"asked_rate":null,"rates":{"UserRead":null},"counts":{"1":7}}`, uint16(9), "1")
	f.Add(`{"counts":{"250":1}}`, uint16(20), "]")
	f.Add("null", uint16(1), "")
	f.Fuzz(func(t *testing.T, text string, at uint16, piece string) {
		place := min(int(at), len(text))
		if other := text[:place] + piece + text[min(place+len(piece), len(text)):]; other != text && len(piece) <= 4 {
			if _, err := parseHead(other, sum([]byte(text))); !errors.Is(err, ErrDamaged) {
				t.Errorf("a head that was changed gives %v", err)
			}
		}
		plan, err := parseHead(text, sum([]byte(text)))
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Errorf("got %v, want that it is damaged or newer", err)
			}
			return
		}
		for action := range plan.Counts {
			if !action.Known() {
				t.Errorf("it counts tasks of action %d", action)
			}
		}
		again, err := marshalHead(plan)
		if wrong := (*json.MarshalerError)(nil); errors.As(err, &wrong) {
			return // a year that no plan is of
		}
		if err != nil {
			t.Fatal(err)
		}
		same, err := parseHead(again, sum([]byte(again)))
		if err != nil {
			t.Fatal(err)
		}
		if last, err := marshalHead(same); err != nil || last != again {
			t.Errorf("read as %s and then as %s (%v)", again, last, err)
		}
	})
}

// FuzzBytes puts any bytes into a small run file, in place of its own, or cuts
// it: it is refused, or read rightly.
func FuzzBytes(f *testing.F) {
	whole := readWhole(f, smallFile(f))
	for _, at := range []uint32{18, 28, 60, 96, 100, 512, 2000, 5000} {
		f.Add(at, []byte{0xff}, false)
		f.Add(at, []byte("\x00\x00\x00\x00\x00\x00\x00\x00"), false)
		f.Add(at, []byte(nil), true)
	}
	f.Fuzz(func(t *testing.T, at uint32, piece []byte, cut bool) {
		damaged := append([]byte(nil), whole.content...)
		place := int(at % uint32(len(damaged)))
		copy(damaged[place:], piece)
		if cut {
			damaged = damaged[:place+min(len(piece), len(damaged)-place)]
		}
		whole.check(t, fmt.Sprint("at ", place), whole.write(t, damaged))
	})
}

// rowTables are the tables whose rows decide what is sent, or which password
// is whose.
var rowTables = []string{"head", "block", "task", "sight", "attempt", "step", "outcome", "run", "text", "candidate", "seal", "approval"}

// FuzzRow gives any column of any row another value, as a sound database: it is
// refused, or read rightly.
func FuzzRow(f *testing.F) {
	whole := readWhole(f, smallFile(f))
	columns := map[string][]string{}
	for _, table := range rowTables {
		columns[table] = strings.Fields(query(f, whole.path, "SELECT name FROM pragma_table_info('"+table+"')"))
	}
	for i := range rowTables {
		f.Add(uint8(i), uint8(i), uint8(3*i), int64(1), "")
		f.Add(uint8(i), uint8(i+1), uint8(i), int64(-7), "ana")
	}
	f.Add(uint8(4), uint8(0), uint8(0), int64(-7), "") // an attempt of no task
	f.Fuzz(func(t *testing.T, table, column, row uint8, number int64, text string) {
		name := rowTables[int(table)%len(rowTables)]
		set := columns[name][int(column)%len(columns[name])]
		path := whole.write(t, whole.content)
		for _, value := range []any{number, text, []byte(text), nil} {
			before := query(t, path, "SELECT * FROM "+name)
			err := writeWith(path, "UPDATE "+name+" SET "+set+" = ? WHERE "+set+" IS (SELECT "+set+" FROM "+name+" LIMIT 1 OFFSET ?)", value, row)
			if err != nil || query(t, path, "SELECT * FROM "+name) == before {
				continue // of another type, or no row
			}
			whole.check(t, fmt.Sprintf("%s.%s of row %d is %q", name, set, row, value), path)
			return
		}
	})
}

// writeWith is write with values.
func writeWith(path, text string, values ...any) error {
	db, err := open(path, "mode=rw")
	if err != nil {
		return err
	}
	_, err = db.Exec(text, values...)
	return errors.Join(err, db.Close())
}
