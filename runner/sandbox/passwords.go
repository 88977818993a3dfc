package sandbox

func (s *Server) adminSetUserPassword(c *call) (any, *Error) {
	if c.in.Password == "" {
		return nil, invalidParameter("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	u := c.pool.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	policy := c.pool.description().Policy
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := s.setPassword(policy, u, c.in.Password); err != nil {
		return nil, err
	}
	u.status = forceChangePassword
	if c.in.Permanent {
		u.status = confirmed
	}
	u.sets++
	return nil, nil
}

func (s *Server) adminResetUserPassword(c *call) (any, *Error) {
	u := c.pool.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	about := c.pool.description()
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := s.sendCode(about, u, "reset", c.in.ClientMetadata); err != nil {
		return nil, err
	}
	u.status = resetRequired
	u.resets++
	return nil, nil
}

// sendCode gives u, which is locked, a new code and sends it, if u's state
// lets it have one.
func (s *Server) sendCode(p Pool, u *user, kind string, metadata map[string]string) *Error {
	switch {
	case !u.enabled:
		return errUserDisabled
	case u.status != confirmed && u.status != resetRequired:
		return &Error{codeNotAuthorized, "User password cannot be reset in the current state."}
	}
	m := Message{Kind: kind, Code: newCode(), ClientMetadata: metadata}
	m.Medium, m.To = u.contact()
	if m.To == "" {
		return invalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	if err := s.send(p, u, m); err != nil {
		return err
	}
	s.touch(u)
	u.code, u.codeAt = m.Code, u.modified
	return nil
}

// contact returns where codes for the user go; empty without a verified address.
func (u *user) contact() (medium, to string) {
	if u.verified("email") {
		to, _ = u.attribute("email")
		return "EMAIL", to
	}
	if u.verified("phone_number") {
		to, _ = u.attribute("phone_number")
		return "SMS", to
	}
	return "", ""
}

func (s *Server) adminUserGlobalSignOut(c *call) (any, *Error) {
	u := c.pool.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.signOuts++ // revokes the tokens given before it
	return nil, nil
}
