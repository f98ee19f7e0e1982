"""Operations: what the running system uses and whether it stays healthy."""
