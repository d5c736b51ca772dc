"""Buckets as releases left them, one file for each release, and the program that records one."""
