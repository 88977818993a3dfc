package bulk

import (
	"errors"
	"strings"

	"cogpass/jobs"
	"cogpass/report"
)

// PoolMark stands in the name of a job and in the paths of reports and run files for
// the ID of the pool.
const PoolMark = "{pool}"

// OnPools returns the options with which a job is carried out on each pool of a list,
// in its order; see jobs.ReadPoolList. What the list says takes the place of what the
// job says, and no option may say another thing. Each run has a run file of its own,
// and names of its own: where the job's name has no {pool}, it gets one.
func OnPools(listPath string, opt Options) ([]Options, error) {
	rows, err := jobs.ReadPoolList(listPath)
	if err != nil {
		return nil, err
	}
	switch {
	case opt.UserPoolID != "" || opt.Region != "":
		return nil, fail(Refused, "the pools are those of the list: no other pool or Region can be given with it")
	case opt.RunFile != "" && !strings.Contains(opt.RunFile, PoolMark):
		return nil, fail(Refused, "each pool has a run file of its own: write {pool} into the run file's path, for its ID")
	}
	if opt.Stdin != nil {
		opt.Stdin = readOnce{}
	}
	all := make([]Options, len(rows))
	for i := range rows {
		row := &rows[i]
		if row.Profile != "" && opt.Profile != "" || row.Rate != 0 && opt.Rate != 0 {
			what := "profile"
			if row.Profile == "" || opt.Profile == "" {
				what = "rate"
			}
			return nil, &jobs.Faults{List: []jobs.Fault{{Place: row.Place, Message: "the list gives this pool a " + what + ", and so does an option", Hint: "leave one of them out"}}}
		}
		o := opt
		o.row, o.UserPoolID = row, row.UserPoolID
		if row.Rate != 0 {
			o.Rate = row.Rate
		}
		o.RunFile = strings.ReplaceAll(opt.RunFile, PoolMark, row.UserPoolID)
		all[i] = o
	}
	return all, nil
}

// readOnce is standard input where several runs would have to read it.
type readOnce struct{}

func (readOnce) Read([]byte) (int, error) {
	return 0, errors.New("standard input can be read once, and there is a list of pools: write it to a file first")
}

// ownReports refuses a report that the job would write for each of several pools in
// one place.
func (o *Options) ownReports(job *jobs.Job) error {
	if o.row == nil {
		return nil
	}
	for _, path := range job.Report {
		if !strings.Contains(path, PoolMark) && !strings.Contains(path, "{name}") {
			return badReport(path, errors.New("each pool's run would write it: put {pool} into its path, for the pool's ID"))
		}
	}
	return nil
}

// ofRow is what the row of a list says of credentials.
func (o *Options) ofRow(opt jobs.Options) jobs.Options {
	if o.row != nil {
		opt.Profile, opt.RoleARN, opt.NamePool = o.row.Profile, o.row.RoleARN, true
	}
	return opt
}

// PoolOf is the pool of a list that the options are for; empty where there is none.
func PoolOf(o *Options) string {
	if o.row == nil {
		return ""
	}
	return report.Visible(o.row.UserPoolID)
}
