package runfile

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"math"
	"time"

	"cogpass/jobs"
)

// sumPlan covers the row of plan.
func sumPlan(i *Info, reports, counts, sources string) int64 {
	var b []byte
	for _, s := range []string{i.Name, i.UserPoolID, i.Region, i.JobPath, i.JobDir, i.JobDigest, i.ToolVersion,
		reports, counts, sources, string(i.Salt), i.PlanDigest} {
		b = appendText(b, s)
	}
	for _, n := range []int64{millis(i.CreatedAt), int64(math.Float64bits(i.AskedRate)), int64(i.Concurrency), int64(i.Attempts),
		i.MaxDelay.Milliseconds(), i.Timeout.Milliseconds(), i.Tasks, i.Excluded} {
		b = binary.AppendVarint(b, n)
	}
	return sum(b)
}

func insertPlan(s *session, i Info) error {
	reports, err := json.Marshal(i.Report)
	if err != nil {
		return err
	}
	sources, err := json.Marshal(i.Sources)
	if err != nil {
		return err
	}
	named := map[string]int64{}
	for action, n := range i.Counts {
		named[action.String()] = n
	}
	counts, err := json.Marshal(named)
	if err != nil {
		return err
	}
	if i.Salt == nil {
		i.Salt = []byte{}
	}
	return s.exec("INSERT INTO plan VALUES "+placeholders(1, 22), 1,
		i.Name, i.UserPoolID, i.Region, i.JobPath, i.JobDir, i.JobDigest, i.ToolVersion, millis(i.CreatedAt), i.AskedRate,
		i.Concurrency, i.Attempts, i.MaxDelay.Milliseconds(), i.Timeout.Milliseconds(), string(reports), i.Salt,
		i.Tasks, i.Excluded, string(counts), string(sources), i.PlanDigest,
		sumPlan(&i, string(reports), string(counts), string(sources)))
}

const selectInfo = `SELECT p.name, p.user_pool_id, p.region, p.job_path, p.job_dir, p.job_digest, p.tool_version,
	p.created_at, p.asked_rate, p.concurrency, p.attempts, p.max_delay_ms, p.timeout_ms, p.reports, p.salt,
	p.tasks, p.excluded, p.counts, p.sources, p.digest, p.sum,
	r.state, r.reason, coalesce(r.started_at, 0), coalesce(r.finished_at, 0), r.pool_name, r.account, r.actor
	FROM plan p, run r`

func readInfo(stmt *sql.Stmt) (Info, error) {
	var i Info
	var reports, counts, sources string
	var created, delay, timeout, started, finished, written int64
	err := stmt.QueryRowContext(background).Scan(&i.Name, &i.UserPoolID, &i.Region, &i.JobPath, &i.JobDir, &i.JobDigest, &i.ToolVersion,
		&created, &i.AskedRate, &i.Concurrency, &i.Attempts, &delay, &timeout, &reports, &i.Salt,
		&i.Tasks, &i.Excluded, &counts, &sources, &i.PlanDigest, &written,
		&i.State, &i.Reason, &started, &finished, &i.PoolName, &i.Account, &i.Actor)
	if err == sql.ErrNoRows {
		return i, damaged("it has no plan")
	}
	if err != nil {
		return i, err
	}
	i.CreatedAt, i.StartedAt, i.FinishedAt = fromMillis(created), fromMillis(started), fromMillis(finished)
	i.MaxDelay, i.Timeout = time.Duration(delay)*time.Millisecond, time.Duration(timeout)*time.Millisecond
	if sumPlan(&i, reports, counts, sources) != written {
		return i, damaged("the head of its plan does not match its sum")
	}
	named := map[string]int64{}
	for from, to := range map[string]any{reports: &i.Report, counts: &named, sources: &i.Sources} {
		if err := json.Unmarshal([]byte(from), to); err != nil {
			return i, damaged("the head of its plan: %v", err)
		}
	}
	i.Counts = map[jobs.Action]int64{}
	for name, n := range named {
		action, _ := jobs.ParseAction(name)
		i.Counts[action] = n
	}
	return i, nil
}
