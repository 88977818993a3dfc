package jobs

import "cogpass/jobs/yamldoc"

// entry is a user as the job file or a row of a source names it.
type entry struct {
	username string
	place    Place // of the username
	offset   int64 // of the row
	showable bool  // a snippet may show the row
	defaults
}

// item is an element of users: a user, or a source where that is not nil.
type item struct {
	entry
	source *sourceSpec
}

func (d *decoder) decodeUsers(n *yamldoc.Node) {
	users, ok := d.list(n, "users")
	if ok && len(users) == 0 {
		d.fault(follow(n), "", "users is empty")
	}
	for _, n := range users {
		d.decodeUser(follow(n))
	}
}

func (d *decoder) decodeUser(n *yamldoc.Node) {
	if n.Kind != yamldoc.Mapping {
		if name, ok := d.username(n); ok {
			d.job.items = append(d.job.items, item{entry: entry{username: name, place: d.place(n)}})
		}
		return
	}
	switch {
	case hasKey(n, "pool"):
		d.fault(n, "", "a pool as a source is not supported yet")
	case hasKey(n, "csv"):
		d.decodeSource(n, CSVSource, csvKeys)
	case hasKey(n, "jsonl"):
		d.decodeSource(n, JSONLSource, jsonlKeys)
	default:
		d.decodeFullUser(n)
	}
}

func (d *decoder) decodeFullUser(n *yamldoc.Node) {
	before := d.faults.Len()
	fields, _ := d.fields(n, "a user", userKeys)
	misspelt := d.faults.Len() > before
	of := d.decodeDefaults(fields)
	f, ok := fields["username"]
	if !ok {
		if !misspelt {
			d.fault(n, "", "a user without username")
		}
		return
	}
	if name, ok := d.username(f.value); ok {
		place := d.place(follow(f.value))
		d.job.items = append(d.job.items, item{entry: entry{username: name, place: place, defaults: of}})
	}
}

func (d *decoder) username(n *yamldoc.Node) (string, bool) {
	name, ok := d.scalar(n, "username")
	return name, ok && d.problem(follow(n), checkUsername(name))
}

func hasKey(n *yamldoc.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if follow(n.Content[i]).Value == key {
			return true
		}
	}
	return false
}
