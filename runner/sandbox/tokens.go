package sandbox

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// grants are the sign-ins whose tokens nobody has revoked. The tokens of one
// stand and fall together.
type grants struct {
	mu    sync.Mutex
	given uint64
	live  map[uint64]grant
}

type grant struct {
	u       *user
	client  string
	revoked uint32 // of u, then
}

func (g *grants) add(of grant) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live == nil {
		g.live = map[uint64]grant{}
	}
	g.given++
	g.live[g.given] = of
	return g.given
}

func (g *grants) get(id uint64) (grant, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of, ok := g.live[id]
	return of, ok
}

func (g *grants) revoke(id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.live, id)
}

// holders returns how many grants hold still, by their users.
func (g *grants) holders() map[*user]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[*user]int{}
	for id, of := range g.live {
		of.u.mu.Lock()
		holds := of.u.revoked == of.revoked
		of.u.mu.Unlock()
		if !holds {
			delete(g.live, id)
			continue
		}
		all[of.u]++
	}
	return all
}

// Tokens counts refresh tokens.
type Tokens struct {
	Given int `json:"given"` // by sign-ins so far
	Live  int `json:"live"`  // of these, that neither RevokeToken nor the end of the user's sessions has revoked
}

// Tokens returns how many refresh tokens were given so far, and how many hold still.
func (s *Server) Tokens() (t Tokens) {
	for _, n := range s.grants.holders() {
		t.Live += n
	}
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	t.Given = int(s.grants.given)
	return t
}

type tokens struct {
	AccessToken, IdToken, RefreshToken, TokenType string
	ExpiresIn                                     int
}

type signedIn struct {
	AuthenticationResult tokens
	ChallengeParameters  map[string]string
}

// tokens signs u in at a client.
func (s *Server) tokens(p *pool, u *user, client *Client) signedIn {
	of := grant{u: u, revoked: u.revocations()}
	if client != nil {
		of.client = client.ID
	}
	id := s.grants.add(of)
	return signedIn{tokens{
		AccessToken: token(p, u, "access", id, of.revoked), IdToken: token(p, u, "id", id, of.revoked), RefreshToken: token(p, u, "refresh", id, of.revoked),
		TokenType: "Bearer", ExpiresIn: 3600,
	}, map[string]string{}}
}

func (u *user) revocations() uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.revoked
}

// token returns a token of a kind for u. It names its holder in the clear and is
// not signed: there is nothing here to guard.
func token(p *pool, u *user, kind string, id uint64, revoked uint32) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %s %d %d", kind, p.id, u.sub, revoked, id))
}

// session returns what the answer to a challenge has to name.
func session(p *pool, u *user) string { return token(p, u, "session", 0, u.revocations()) }

// kindOf returns the kind of a token and the grant that it is of; false where it
// is none.
func kindOf(token string) (parts []string, id uint64, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if parts = strings.Fields(string(text)); err != nil || len(parts) != 5 {
		return nil, 0, false
	}
	id, err = strconv.ParseUint(parts[4], 10, 64)
	return parts, id, err == nil
}

// holder returns the holder of a token that is still valid.
func (s *Server) holder(held, kind string) (*pool, *user, bool) {
	parts, id, ok := kindOf(held)
	if !ok || parts[0] != kind {
		return nil, nil, false
	}
	p := s.pool(parts[1])
	if p == nil {
		return nil, nil, false
	}
	u := p.find(parts[2])
	if u == nil || token(p, u, kind, id, u.revocations()) != held {
		return nil, nil, false
	}
	if kind != "session" {
		if of, ok := s.grants.get(id); !ok || of.u != u {
			return nil, nil, false
		}
	}
	return p, u, true
}

// revokeToken revokes a refresh token, and what was given with it. One that holds
// no longer is revoked already.
func (s *Server) revokeToken(c *call) (any, *Error) {
	parts, id, ok := kindOf(c.in.Token)
	of, live := s.grants.get(id)
	switch {
	case !c.client.any && c.in.ClientSecret != c.client.Secret, live && of.client != c.client.ID:
		return nil, &Error{"UnauthorizedException", "Invalid client."}
	case c.client.NoRevocation:
		return nil, &Error{"UnsupportedOperationException", "Token revocation is not enabled for this client."}
	case !ok:
		return nil, invalidParameter("Invalid token.")
	case parts[0] != "refresh":
		return nil, &Error{"UnsupportedTokenTypeException", "The token is not a refresh token."}
	}
	s.grants.revoke(id)
	return nil, nil
}
