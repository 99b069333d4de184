"""The HLS project: conversion by hls4ml, C simulation."""
