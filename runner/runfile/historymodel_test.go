package runfile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cogpass/jobs"
)

// TestHistoryAgainstAModel appends what may come, in any order and by several
// runs, and compares what it answers with a list that keeps everything.
func TestHistoryAgainstAModel(t *testing.T) {
	names := []string{"ana", "Ana", "ANA", "ben", "\u00e9va", "e\u0301va", "straße", "STRASSE", anaSub, "x y", ""}
	subs := []string{"", anaSub, benSub, "not-a-uuid"}
	actions := []jobs.Action{jobs.Reset, jobs.SetPermanent}
	path, tries := newLedger(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		tries++ // each has pools of its own
		pools := []HistoryPool{{fmt.Sprint(staff.ID, tries), ""}, {fmt.Sprint(staff.ID, tries), ":80"}}
		type kept struct {
			pool HistoryPool
			Deed
		}
		var model []kept // one a pool, name and action
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			pool := rapid.SampledFrom(pools).Draw(rt, "pool")
			var batch []Deed
			for range rapid.IntRange(0, 6).Draw(rt, "deeds") {
				d := Deed{Username: rapid.SampledFrom(names).Draw(rt, "name"), Sub: rapid.SampledFrom(subs).Draw(rt, "sub"),
					Action: rapid.SampledFrom(actions).Draw(rt, "action"), At: day(rapid.IntRange(1, 9).Draw(rt, "day"))}
				batch = append(batch, d)
				i := slices.IndexFunc(model, func(k kept) bool { return k.pool == pool && k.Username == d.Username && k.Action == d.Action })
				switch {
				case i < 0:
					model = append(model, kept{pool, d})
				case !d.At.Before(model[i].At):
					if d.Sub == "" {
						d.Sub = model[i].Sub
					}
					model[i].Deed = d
				case model[i].Sub == "":
					model[i].Sub = d.Sub
				}
			}
			if err := AppendHistory(path, pool, fmt.Sprint("run", rapid.IntRange(1, 2).Draw(rt, "run")), "a.run", batch); err != nil {
				rt.Fatal(err)
			}
		}
		h, err := OpenHistory(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer h.Close()
		who := Person{Names: rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(rt, "names"), Sub: rapid.SampledFrom(subs).Draw(rt, "of"), Exact: rapid.Bool().Draw(rt, "exact")}
		for _, pool := range pools {
			for _, action := range actions {
				var want kept
				for _, k := range model {
					if k.pool != pool || k.Action != action || who.Sub != "" && k.Sub != "" && k.Sub != who.Sub {
						continue
					}
					named := slices.ContainsFunc(who.Names, func(name string) bool {
						return name == k.Username || name != "" && name == k.Sub || !who.Exact && jobs.FoldName(name) == jobs.FoldName(k.Username)
					})
					if (named || who.Sub != "" && who.Sub == k.Sub) && k.At.After(want.At) {
						want = k
					}
				}
				got, found, err := h.Last(pool, who, action)
				if err != nil || found == want.At.IsZero() || !got.At.Equal(want.At) {
					rt.Errorf("%+v, %v: got %v, %v, %v; want %v", who, action, got.At, found, err, want.At)
				}
			}
		}
	})
}
