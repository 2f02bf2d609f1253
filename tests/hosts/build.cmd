@echo off
echo compiling one
copy /y one.txt one.obj >nul
echo compiling two
copy /y two.txt two.obj >nul
if not exist one.obj exit /b 1
if not exist two.obj exit /b 1
echo built
