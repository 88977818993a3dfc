package sandbox

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// pool holds a pool's users. Its lock covers the indexes. What can change in a
// user is under the user's own lock; p is never locked while that is held.
type pool struct {
	id string

	mu        sync.RWMutex
	about     Pool
	created   int64
	order     []*user // as they were added: ListUsers pages through it
	names     map[string]*user
	subs      map[string]*user
	addresses map[string]map[string][]*user // by attribute, of those that sign-in and filters look up, and value
	groups    map[string][]*user
	strangers map[string]*user // names that requests were made for but no user has
}

// poolClient is an app client and the pool that it is of.
type poolClient struct {
	pool   *pool
	client *Client
}

// user is a user's record; a million of them must fit into memory.
type user struct {
	name, sub  string
	attributes []attribute // never changed in place
	groups     []string
	created    int64         // ms
	position   int           // in pool.order
	made       time.Duration // since the server's start, if a request made the user; else zero

	mu sync.Mutex
	state
	password   string
	history    []string // passwords before it, the latest first
	passwordAt int64    // ms; when password was set
	code       string   // sent and not yet used
	codeAt     int64    // ms
	past       []pastState
	revoked    uint32 // how often the tokens given before were
	factor     uint8  // index in factors
	counts
}

// state is the part of what ListUsers shows that can change.
type state struct {
	modified int64 // ms
	status   status
	enabled  bool
}

// pastState is a state and how long after the server's start it ended.
type pastState struct {
	state
	until time.Duration
}

type counts struct {
	resets, sets, signOuts, disables, enables, creations, invitations, requests, wrong uint32
	met                                                                                uint32 // requests that reached the faults, since they were set
	faults                                                                             uint32 // the faultChanges that met counts for
}

type attribute struct{ Name, Value string }

// status is a user's status; the zero value is CONFIRMED.
type status uint8

const (
	confirmed status = iota
	unconfirmed
	resetRequired
	forceChangePassword
	externalProvider
	archived
	compromised
)

var statusNames = [...]string{
	confirmed: "CONFIRMED", unconfirmed: "UNCONFIRMED", resetRequired: "RESET_REQUIRED",
	forceChangePassword: "FORCE_CHANGE_PASSWORD", externalProvider: "EXTERNAL_PROVIDER",
	archived: "ARCHIVED", compromised: "COMPROMISED",
}

func (s status) String() string { return statusNames[s] }

func parseStatus(name string) (status, bool) {
	i := slices.Index(statusNames[:], name)
	return status(max(i, 0)), i >= 0 || name == ""
}

// isAddress reports whether users are looked up by that attribute.
func isAddress(attribute string) bool {
	return attribute == "email" || attribute == "phone_number" || attribute == "preferred_username"
}

func newPool(id string) *pool {
	return &pool{
		id: id, names: map[string]*user{}, subs: map[string]*user{}, groups: map[string][]*user{},
		addresses: map[string]map[string][]*user{"email": {}, "phone_number": {}, "preferred_username": {}},
		strangers: map[string]*user{},
	}
}

// add adds a user to the indexes, in the place of one of the same name.
func (p *pool) add(u *user) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(u)
}

// addNew adds a user whom a request has named so, unless there is one already.
// The requests for the name were the user's: faults go on where they were.
func (p *pool) addNew(u *user, asked string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names[p.key(u.name)] != nil {
		return false
	}
	if before := p.strangers[asked]; before != nil {
		before.mu.Lock()
		u.requests, u.met, u.faults = before.requests, before.met, before.faults
		before.mu.Unlock()
		delete(p.strangers, asked)
	}
	p.put(u)
	return true
}

func (p *pool) put(u *user) {
	if old := p.names[p.key(u.name)]; old != nil {
		p.unindex(old)
		u.position = old.position
		p.order[u.position] = u
	} else {
		u.position = len(p.order)
		p.order = append(p.order, u)
	}
	delete(p.strangers, u.name)
	p.names[p.key(u.name)] = u
	p.subs[u.sub] = u
	for _, a := range u.attributes {
		if isAddress(a.Name) {
			key := p.key(a.Value)
			p.addresses[a.Name][key] = append(p.addresses[a.Name][key], u)
		}
	}
	for _, group := range u.groups {
		p.groups[group] = append(p.groups[group], u)
	}
}

func (p *pool) unindex(old *user) {
	without := func(list []*user) []*user {
		return slices.DeleteFunc(slices.Clone(list), func(u *user) bool { return u == old })
	}
	delete(p.subs, old.sub)
	for _, a := range old.attributes {
		if isAddress(a.Name) {
			key := p.key(a.Value)
			p.addresses[a.Name][key] = without(p.addresses[a.Name][key])
		}
	}
	for _, group := range old.groups {
		p.groups[group] = without(p.groups[group])
	}
}

// find returns the user that a username, sub or alias names, or nil.
func (p *pool) find(name string) *user {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if u := p.names[p.key(name)]; u != nil {
		return u
	}
	if u := p.subs[name]; u != nil {
		return u
	}
	for _, attribute := range p.about.UsernameAttributes {
		if users := p.addresses[attribute][p.key(name)]; len(users) > 0 {
			return users[0]
		}
	}
	for _, attribute := range p.about.AliasAttributes {
		for _, u := range p.addresses[attribute][p.key(name)] {
			if attribute == "preferred_username" || u.verified(attribute) {
				return u
			}
		}
	}
	return nil
}

// aliasTaken reports whether another user has an alias of u, verified by both.
func (p *pool) aliasTaken(u *user) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, attribute := range p.about.AliasAttributes {
		value, _ := u.attribute(attribute)
		if !u.verified(attribute) {
			continue
		}
		if slices.ContainsFunc(p.addresses[attribute][p.key(value)], func(other *user) bool { return other.verified(attribute) }) {
			return true
		}
	}
	return false
}

// stranger returns a record to count the requests for a user that is not there.
func (p *pool) stranger(name string) *user {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.strangers[name]
	if u == nil {
		u = &user{name: strings.Clone(name)}
		p.strangers[u.name] = u
	}
	return u
}

// key is what a name or address is looked up by: without case, where the pool
// ignores it.
func (p *pool) key(name string) string {
	if p.about.CaseInsensitive {
		return strings.ToLower(name)
	}
	return name
}

// describe replaces the pool's description, and makes its indexes anew where
// names are told apart otherwise.
func (p *pool) describe(about Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	again := p.about.CaseInsensitive != about.CaseInsensitive
	p.about = about
	if !again {
		return
	}
	users := p.order
	p.order, p.names = nil, map[string]*user{}
	for _, index := range p.addresses {
		clear(index)
	}
	clear(p.groups)
	for _, u := range users {
		p.put(u)
	}
}

func (p *pool) description() Pool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.about
}

func (p *pool) size() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.order)
}

func (u *user) attribute(name string) (string, bool) {
	if name == "sub" {
		return u.sub, true
	}
	for _, a := range u.attributes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// verified reports whether the user has that address and it is verified.
func (u *user) verified(address string) bool {
	value, _ := u.attribute(address)
	verified, _ := u.attribute(address + "_verified")
	return value != "" && verified == "true"
}

// touch prepares a change of u's state. u is locked.
func (s *Server) touch(u *user) {
	if lag := s.config.ListLag; lag > 0 {
		now := time.Since(s.start)
		kept := slices.DeleteFunc(u.past, func(p pastState) bool { return p.until < now-lag })
		u.past = append(kept, pastState{u.state, now})
	}
	// Two changes within a millisecond have different times all the same.
	u.modified = max(s.now().UnixMilli(), u.modified+1)
}

// meet counts a request for u and returns its number among those that have
// reached the faults since these were set. faults says how often they were.
func (u *user) meet(reaches bool, faults uint32) uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests++
	if u.faults != faults {
		u.met, u.faults = 0, faults
	}
	nth := u.met
	if reaches {
		u.met++
	}
	return nth
}

// listed returns the state that ListUsers shows, and whether it shows u at all.
func (s *Server) listed(u *user) (state, bool) {
	if s.config.ListLag <= 0 {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.state, true
	}
	at := time.Since(s.start) - s.config.ListLag
	u.mu.Lock()
	defer u.mu.Unlock()
	shown := u.made == 0 || at >= u.made
	for _, p := range u.past {
		if at < p.until {
			return p.state, shown
		}
	}
	return u.state, shown
}

// deriveSub makes a sub that is the same each time.
func deriveSub(poolID, username string) string {
	h := sha256.Sum256([]byte(poolID + "\x00" + username))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
